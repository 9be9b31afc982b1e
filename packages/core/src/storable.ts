const longestText = 16 * 1024

/** A text for the record: at most 16 KiB, without half a character at the end; U+0000 cannot be stored by every backend. */
export function storable(text: string): string {
  const clean = text.toWellFormed().replaceAll('\u0000', '\ufffd')
  const bytes = Buffer.from(clean, 'utf8')
  return bytes.length <= longestText
    ? clean
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, longestText), { stream: true })
}
