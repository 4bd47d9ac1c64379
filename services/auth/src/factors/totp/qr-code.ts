import encodeQr from 'qr'
import { pngOf } from './png.ts'

/** A text as a QR code: for a terminal, and as an image (a PNG) that a page can show. */
export function qrCode(text: string) {
  const modules = encodeQr(text, 'raw')
  return {
    text: textOf(modules),
    dataUri: `data:image/png;base64,${pngOf(modules).toString('base64')}`
  }
}

/** Each character has two rows of modules. The light ones are drawn, because terminals are dark. */
function textOf(modules: readonly (readonly boolean[])[]): string {
  let text = ''
  for (let y = 0; y < modules.length; y += 2) {
    const [upper = [], lower = []] = modules.slice(y, y + 2)
    upper.forEach((isDark, x) => {
      const isLowerDark = lower[x] ?? true
      text += isDark ? (isLowerDark ? ' ' : '▄') : isLowerDark ? '▀' : '█'
    })
    text += '\n'
  }
  return text
}
