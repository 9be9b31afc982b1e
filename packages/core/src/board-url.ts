import type { DriverUrl } from './driver/definition.js'
import { InvalidOptionsError } from './errors.js'

/** A scheme as in RFC 3986, after the scope of a package if there is one. At least two letters: one is a drive of Windows. */
const urlForm = /^((?:@[a-z0-9._~-]+\/)?[a-z][a-z0-9+.-]+):([^?#]*)(?:\?([^#]*))?$/i

/** Splits a board URL; undefined for a text that is none. @throws InvalidOptionsError for an option given twice. */
export function splitUrl(text: string): DriverUrl | undefined {
  const match = urlForm.exec(text)
  if (match === null) return undefined
  const [, scheme = '', rest = '', query = ''] = match
  return { scheme: scheme.toLowerCase(), rest, query: parseQuery(query, text) }
}

/**
 * A text with the password of a URL in it, and everything in its query that sounds like one, struck out, for messages.
 *
 * It takes away too much rather than too little: passwords often hold characters that should have been encoded.
 */
export function redactUrl(text: string): string {
  return text
    .replace(/(\/\/[^/?#@:\s]*):.*@/s, '$1:***@')
    .replace(/([?&][^=&]*(?:pass|pw|secret|token|key|auth|cred)[^=&]*=)[^&#]*/gi, '$1***')
}

function parseQuery(query: string, url: string): Readonly<Record<string, string>> {
  const options = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(query)) {
    if (options.has(key))
      throw new InvalidOptionsError(`${redactUrl(url)}: option ${JSON.stringify(key)} is given twice`)
    options.set(key, value)
  }
  return Object.fromEntries(options)
}
