import { isDriverError } from './driver/driver-error.js'
import {
  AuthenticationError,
  DriverDefectError,
  IncompatibleBackendError,
  JobboardError,
  LimitExceededError,
  PermissionDeniedError,
  UnavailableError,
} from './errors.js'

/** Words an error that left a driver for callers; errors of core pass unchanged. */
export function translate(error: unknown): JobboardError {
  if (error instanceof JobboardError) return error
  if (!isDriverError(error)) {
    const what = error instanceof Error ? error.message : String(error)
    return new DriverDefectError(`The driver failed in a way that it does not explain: ${what}`, {
      cause: error,
    })
  }
  const options = { cause: error }
  switch (error.kind) {
    case 'unavailable':
      return new UnavailableError(`The backend cannot be reached: ${error.message}`, options)
    case 'unauthenticated':
      return new AuthenticationError(error.message, options)
    case 'forbidden':
      return new PermissionDeniedError(error.message, options)
    case 'limit':
      return new LimitExceededError(error.message, options)
    case 'incompatible':
      return new IncompatibleBackendError(error.message, options)
  }
}
