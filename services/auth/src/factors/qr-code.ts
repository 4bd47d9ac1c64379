import encodeQr from 'qr'

/** A text as a QR code: for a terminal, and as an image that a page can show. */
export const qrCode = (text: string) => ({
  text: encodeQr(text, 'ascii'),
  /** a GIF */
  dataUri: encodeQr(text, 'data-url', { scale: 4 })
})
