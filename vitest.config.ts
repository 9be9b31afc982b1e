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
    // One file after the other: the suites run as many cases side by side as there are cores, many of them in
    // processes of their own and with sessions that end in real time.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
