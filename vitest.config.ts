import { defineConfig } from 'vitest/config'

/**
 * Tests see every package but their own as it is published: built, under its own name. So `tsc -b` comes first.
 */
export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      '{conformance-tests,docs/examples}/test/**/*.test.ts',
      '.ci/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Built code is loaded by Node itself, as a user's process loads it, and not transformed.
    server: { deps: { external: [/\/dist\//] } },
    // Many tests start processes that wait for real sessions to end; on a busy machine two cores are few.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
