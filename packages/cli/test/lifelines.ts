import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { tempFolder, until } from './processes.js'

const script = `
import { connect } from 'node:net'
const [port, name, manner] = process.argv.slice(2)
if (manner === 'stubborn') process.on('SIGTERM', () => {})
connect(Number(port), '127.0.0.1').write(name)
`

/** Processes that hold a connection to this test for as long as they live, so that their death cannot be missed. */
export class Lifelines {
  readonly #lives = new Map<string, 'alive' | 'dead'>()
  readonly #command: string

  private constructor(port: number, file: string) {
    this.#command = `"${process.execPath}" "${file}" ${port}`
    this.lives = this.#lives
  }

  readonly lives: ReadonlyMap<string, 'alive' | 'dead'>

  static async open(): Promise<Lifelines> {
    const file = join(await tempFolder(), 'lifeline.mjs')
    await writeFile(file, script)
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const lifelines = new Lifelines((server.address() as AddressInfo).port, file)
    server.on('connection', socket => {
      socket.once('data', name => lifelines.#lives.set(`${name}`, 'alive'))
      socket.on('error', () => {})
      socket.once('data', name => socket.once('close', () => lifelines.#lives.set(`${name}`, 'dead')))
    })
    onTestFinished(() => void server.close())
    return lifelines
  }

  /** A shell command that lives until it is killed; a stubborn one ignores SIGTERM. */
  command(name: string, manner: 'gentle' | 'stubborn' = 'gentle'): string {
    return `${this.#command} ${name} ${manner}`
  }

  alive(name: string): Promise<unknown> {
    return until(`${name} to live`, () => this.#lives.get(name) === 'alive')
  }

  dead(name: string): Promise<unknown> {
    return until(`${name} to die`, () => this.#lives.get(name) === 'dead')
  }
}
