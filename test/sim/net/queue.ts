/** Things to do at a time, soonest first; of the same moment, first come first. A binary heap. */
export interface Queue {
  at(when: number, job: () => void): void
  /** Does everything up to `until`, in order; what is done may add more. Stops early when `isOver` says so. */
  run(until: number, isOver: () => boolean): void
  now(): number
}

interface Entry {
  when: number
  nth: number
  job: () => void
}

export function createQueue(): Queue {
  const heap: Entry[] = []
  let count = 0
  let now = 0
  const before = (a: Entry, b: Entry) => a.when < b.when || (a.when === b.when && a.nth < b.nth)
  const swap = (i: number, j: number) => {
    const held = heap[i] as Entry
    heap[i] = heap[j] as Entry
    heap[j] = held
  }
  const push = (entry: Entry) => {
    heap.push(entry)
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!before(heap[i] as Entry, heap[parent] as Entry)) break
      swap(i, parent)
      i = parent
    }
  }
  const pop = (): Entry | undefined => {
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    heap[0] = last
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = right < heap.length && before(heap[right] as Entry, heap[left] as Entry) ? right : left
      if (!before(heap[child] as Entry, heap[i] as Entry)) break
      swap(i, child)
      i = child
    }
    return top
  }
  return {
    at: (when, job) => push({ when: Math.max(when, now), nth: count++, job }),
    now: () => now,
    run(until, isOver) {
      while (heap.length > 0 && (heap[0] as Entry).when <= until && !isOver()) {
        const next = pop() as Entry
        now = next.when
        next.job()
      }
      if (!isOver()) now = Math.max(now, until)
    },
  }
}
