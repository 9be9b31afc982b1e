// @msgpack/msgpack: no dependencies, keeps 64-bit integers, and takes our extension types.
import { decode, Encoder, ExtData, ExtensionCodec } from '@msgpack/msgpack'

/** Deeper than core lets details be. */
const maxDepth = 1_100

const encoder = new Encoder({ maxDepth })

export function encodeValue(value: unknown): Uint8Array {
  return encoder.encode(value)
}

/** In place of a key that the library refuses, for its own good; the writer of JSON puts it back. No text of ours has U+0000. */
const protoKey = '\u0000__proto__'

const keyDecoder = {
  canBeCached: (length: number): boolean => length === '__proto__'.length,
  decode(bytes: Uint8Array, offset: number, length: number): string {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString()
    return key === '__proto__' ? protoKey : key
  },
}

const extensions = new ExtensionCodec()

/** As Python writes them: UUID, datetime, count, IP address, set, frozenset, XML-RPC datetime, date. */
const foreignTypes: readonly ((value: unknown) => unknown)[] = [
  text => text,
  dateOf,
  pair => pair,
  number => number,
  list => list,
  list => list,
  dateOf,
  dateOf,
]
for (const [type, meaning] of foreignTypes.entries()) {
  const read = (data: Uint8Array): unknown =>
    meaning(type === 0 ? Buffer.from(data).toString() : decodeValue(data))
  extensions.register({ type, encode: () => null, decode: read })
}

/** Reads whatever a Python program may have written. @throws Error when it is no msgpack */
export function decodeValue(bytes: Uint8Array): unknown {
  return decode(bytes, {
    extensionCodec: extensions,
    useBigInt64: true,
    mapKeyConverter: keyText,
    keyDecoder,
  })
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : jsonOf(key)
}

/** A date of Python's without a zone, which is UTC in TaskFlow. */
export class PythonDate {
  readonly #fields: Readonly<Record<string, number>>

  constructor(fields: unknown) {
    this.#fields = fields as Readonly<Record<string, number>>
  }

  /** Milliseconds since 1970. */
  get time(): number {
    const { year = 0, month = 0, day, hour, minute, second, microsecond = 0 } = this.#fields
    return Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(microsecond / 1000))
  }

  /** As Python's `isoformat` shows it; TaskFlow's boards with JSON postings have the same. */
  toJSON(): string {
    const { year, month, day, hour, minute, second, microsecond } = this.#fields
    const date = `${digits(year, 4)}-${digits(month)}-${digits(day)}`
    if (hour === undefined) return date
    return `${date}T${digits(hour)}:${digits(minute)}:${digits(second)}.${digits(microsecond, 6)}`
  }
}

function dateOf(fields: unknown): PythonDate {
  return new PythonDate(fields)
}

function digits(number: number | undefined, length = 2): string {
  return String(number ?? 0).padStart(length, '0')
}

/**
 * JSON text of a decoded value. What JSON has no form for gets the nearest one: bytes become base64, NaN and the infinities
 * null, and integers keep all their digits.
 */
export function jsonOf(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (value instanceof Date || value instanceof PythonDate) return JSON.stringify(value)
  if (value instanceof ExtData) return jsonOf(value.data)
  const members = Object.entries(value).map(([key, member]) => {
    return `${JSON.stringify(key === protoKey ? '__proto__' : key)}:${jsonOf(member)}`
  })
  return `{${members.join()}}`
}
