import { Shown } from '../parts/loaded.tsx'
import { ViewOnly } from '../parts/view-only.tsx'
import { ApprovalCard } from './approval-card.tsx'
import { waiting } from './waiting.ts'

/** Requests that need a second operator (AUTH_OPS_FOUR_EYES). */
export function ApprovalsView() {
  return (
    <section class="card" aria-labelledby="approvals">
      <h2 id="approvals">Requests that need two operators</h2>
      <p class="hint">
        The setting <code>AUTH_OPS_FOUR_EYES</code> says which changes need a second operator:
        another one, with the role that the change needs. After the approval, the operator who asked
        carries the change out, here or by repeating the command.
      </p>
      <ViewOnly what="requests" change="decide about" />
      <Shown of={waiting} what="the requests">
        {(all) =>
          all.length === 0 ? (
            <p>No request waits.</p>
          ) : (
            <ul class="approvals">
              {all.map((approval) => (
                <ApprovalCard key={approval.id} approval={approval} />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  )
}
