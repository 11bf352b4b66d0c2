/** What `npm start` says last: how to go on, in the browser and on the command line. */

export interface Running {
  /** signs a browser in, once */
  portal: string
  /** the Worker */
  url: string
  keyFile: string
  /** of the demo host's guard; null where there is none */
  allowlist: string | null
}

/** Links, commands that can be pasted into another terminal, and how the story ends. The key itself is not said. */
export function lastLines({ portal, url, keyFile, allowlist }: Running): string {
  const lines = [
    `Portal:   ${portal}`,
    `          (signs you in once; the key is in ${keyFile})`,
    'Commands: in another terminal, in the folder of this clone, first',
    `          export PORTWITNESS_URL=${url} PORTWITNESS_KEY=$(cat ${quoted(keyFile)})`,
    ...(allowlist === null
      ? []
      : [
          `Guard:    lets through the networks in ${allowlist}, one a line:`,
          '          put the allowlist of the issue there (format plain), then retest. SSH and mail',
          '          are touched seldom, so the retest may take some minutes',
        ]),
    'Stop with Ctrl-C.',
  ]
  return `${lines.join('\n')}\n`
}

/** A path as one word of a POSIX shell. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
