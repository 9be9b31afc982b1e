import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestServer } from '../server.js'
import { freePort } from './ask.js'
import { findBinary } from './binaries.js'
import { GuardedProcess } from './guarded-process.js'
import { poll } from './poll.js'
import type { Recipe } from './recipe.js'

/** Somebody else may take a port between our look and the server's start. */
const portsTried = 3

/** One server process with its folder and port. */
export class LocalServer implements TestServer {
  readonly url: string
  readonly #recipe: Recipe
  readonly #binary: string
  readonly #folder: string
  readonly #port: number
  #process: GuardedProcess | undefined

  private constructor(recipe: Recipe, binary: string, folder: string, port: number) {
    this.#recipe = recipe
    this.#binary = binary
    this.#folder = folder
    this.#port = port
    this.url = recipe.url(port)
  }

  static async start(recipe: Recipe): Promise<LocalServer> {
    const binary = await findBinary(recipe.package)
    const folder = await mkdtemp(join(tmpdir(), `jobboard-${recipe.package.binary}-`))
    for (let attempt = 1; ; attempt++) {
      const server = new LocalServer(recipe, binary, folder, await freePort())
      try {
        await server.start()
        return server
      } catch (error) {
        if (attempt < portsTried) continue
        await rm(folder, { recursive: true, force: true })
        throw error
      }
    }
  }

  async start(): Promise<void> {
    const args = await this.#recipe.prepare(this.#folder, this.#port)
    const process = await GuardedProcess.start(this.#binary, args, this.#folder)
    this.#process = process
    try {
      await poll('the server is ready', () => {
        if (process.hasEnded) throw new Error('it ended')
        return this.#recipe.isReady(this.#port)
      })
    } catch (cause) {
      await this.kill()
      throw new Error(`cannot start ${this.#binary}: ${await process.log()}`, { cause })
    }
  }

  async pause(): Promise<void> {
    await this.#process?.pause()
  }

  async resume(): Promise<void> {
    await this.#process?.resume()
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#process?.end('SIGTERM')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
