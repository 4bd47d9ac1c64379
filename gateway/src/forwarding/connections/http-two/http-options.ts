import { LARGEST_RESPONSE_HEADER_BYTES } from '../../../routes/entry/route.ts'
import { MOST_LINES } from '../../headers/passed-headers.ts'

/** RFC 9113 §6.5.2: what the gateway tells each service. */
const settings = {
  enablePush: false,
  /** what a response that its client does not read may keep in memory */
  initialWindowSize: 128 * 1024,
  maxHeaderListSize: LARGEST_RESPONSE_HEADER_BYTES + MOST_LINES * 32
}
/** For all streams together. Node.js opens it again at once, so it bounds no memory. */
export const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024
export const httpOptions = { settings, maxHeaderListPairs: MOST_LINES + 8, maxSessionMemory: 64 }
