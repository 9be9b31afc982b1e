import picocolors from 'picocolors'

type Colours = ReturnType<typeof picocolors.createColors>

/** Colours on a terminal, plain text elsewhere. On a terminal `hasColors` honours NO_COLOR, FORCE_COLOR and TERM. */
export const colours: Colours = picocolors.createColors(
  process.stdout.isTTY === true && process.stdout.hasColors(),
)
