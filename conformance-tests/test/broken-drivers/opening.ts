import type { BackendFacts, DriverEnvironment, DriverSink } from '@jobboard/core/driver'
import { type BrokenDriver, each, Spoilt } from './broken-driver.js'

export const opensOnce: BrokenDriver = {
  name: 'a driver that could not be opened can never be opened again',
  laws: ['FAULT-2'],
  on: each(
    class extends Spoilt {
      #tried = false

      override async open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
        if (this.#tried) throw new Error('this driver was opened before')
        this.#tried = true
        environment.newId()
        return super.open(sink, environment)
      }
    },
  ),
}
