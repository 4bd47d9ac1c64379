/** A script that gets the rest of the path as its own (CGI, RFC 3875 §4.1.5; WSGI; ISAPI). */
const SCRIPT = /\.(?:php\d?|phtml|f?cgi|pl|py|rb|wsgi|cfm|exe|dll)$/

/**
 * A loose reading as frameworks may read it: without the extension of its last segment, which
 * Rails, Grails, CakePHP and older versions of Spring take for the format of the response
 * (`/orders.json`), and without scripts (`/index.php/orders`). Pure.
 * @param longest only readings up to this number of characters matter
 */
export function frameworkReadings(reading: string, longest: number): readonly string[] {
  if (!reading.includes('.')) return []
  const own = withoutScripts(reading)
  const readings = own === reading ? [] : [own]
  return [...readings, ...withoutExtensions(reading, longest), ...withoutExtensions(own, longest)]
}

function withoutScripts(path: string): string {
  const segments = path.slice(1).split('/')
  const last = segments.length - 1
  return `/${segments.filter((segment, at) => at === last || !SCRIPT.test(segment)).join('/')}`
}

/**
 * A path without its last extension (`/reports.v2.json`), without the last two, and so on. A dot at
 * the start of a segment begins no extension.
 */
function withoutExtensions(path: string, longest: number): readonly string[] {
  const found: string[] = []
  const next = (from: number): number => path.indexOf('.', from)
  for (let dot = next(path.lastIndexOf('/') + 2); dot >= 0 && dot <= longest; dot = next(dot + 1)) {
    found.push(path.slice(0, dot))
  }
  return found
}

const DATA = '/_next/data/'
/** The parts of a page that Next.js loads in advance. */
const SEGMENTS = '.segments/'

/**
 * The page whose data a loose reading asks Next.js for (`/_next/data/BUILD/orders.json`,
 * `/orders.segments/_tree.segment.rsc`; CVE-2026-44573 and CVE-2026-44575 are about such paths).
 * Pure.
 * @returns null if it asks for none
 */
export function dataOfPage(reading: string): string | null {
  const dataAt = reading.indexOf(DATA)
  if (dataAt >= 0) {
    const base = reading.slice(0, dataAt)
    const [, page = ''] = /^[^/]+(\/.*)\.json$/.exec(reading.slice(dataAt + DATA.length)) ?? []
    return `${base}${page === '/index' ? '' : page}` || '/'
  }
  const segmentsAt = reading.endsWith('.segment.rsc') ? reading.indexOf(SEGMENTS) : -1
  if (segmentsAt < 0) return null
  const page = reading.slice(0, segmentsAt)
  return page === '/index' ? '/' : page
}
