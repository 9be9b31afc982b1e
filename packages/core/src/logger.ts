/** Where a board writes what no caller learns of otherwise. `console` and the usual loggers fit. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

const nothing = (): void => {}

/** Writes nothing: the default, since a library should be silent. Events tell the same. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
