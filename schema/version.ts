/** Version of the Worker, the agent and the command, as in package.json (a test holds the two together). */
export const VERSION = '0.1.0'

/** What a probe says it is, and what a Worker says is the newest. */
export const AGENT = `portwitness/${VERSION}`
