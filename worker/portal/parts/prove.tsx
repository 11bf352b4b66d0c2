/** Asks for a proof. A form as plain as the others: the guard asks that it comes from our own page. */
export const ProveForm = ({
  targetId,
  stimulus,
  mayWrite,
}: {
  targetId: string
  stimulus: boolean
  mayWrite: boolean
}) =>
  mayWrite ? (
    <form class="prove" method="post" action={`/api/v1/targets/${targetId}/prove`}>
      <button type="submit">Prove the allowlist</button>{' '}
      <label class="check">
        <input type="checkbox" name="stimulus" value="yes" checked={stimulus} /> repeat the harmless stimulus, as the
        owner of the target allows
      </label>
    </form>
  ) : (
    <p class="dim">
      A key of scope write can prove the allowlist: <code>portwitness prove ADDRESS --stimulus</code>
    </p>
  )
