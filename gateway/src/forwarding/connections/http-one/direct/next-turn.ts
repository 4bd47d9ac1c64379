type Turning = { nextTurn(): void }

let waiting: Turning[] = []

/**
 * Calls `nextTurn` once all events that have already arrived were handled. One callback of Node.js
 * serves all of them.
 * @param turning must not throw
 */
export function inNextTurn(turning: Turning): void {
  if (waiting.push(turning) === 1) setImmediate(turn)
}

function turn(): void {
  const due = waiting
  waiting = []
  for (const one of due) one.nextTurn()
}
