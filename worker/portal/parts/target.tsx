/** The name of a target, which leads to its page as long as it has one. */

interface Named {
  targetId: string
  target: string
  targetRemovedAt: number | null
}

export const TargetLink = ({ of: { targetId, target, targetRemovedAt } }: { of: Named }) =>
  targetRemovedAt === null ? <a href={`/targets/${targetId}`}>{target}</a> : <span>{removedName(target)}</span>

export const removedName = (target: string): string => `${target} (removed)`
