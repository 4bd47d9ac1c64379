// Completes forms with a passkey: the browser's answer, as JSON, becomes a field of the form.

const forms = [...document.querySelectorAll('form[data-passkey]')]
// `window`: without passkeys, the bare name is an error.
const isAvailable = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function'

/** ends the suggestions of the password form, so that a button can ask instead */
let suggestions = new AbortController()

async function optionsOf(form) {
  const { options, optionsFrom } = form.dataset
  if (options !== undefined) return JSON.parse(options)
  const response = await fetch(optionsFrom, { method: 'POST' })
  if (!response.ok) throw new Error(`the options were refused: ${response.status}`)
  return await response.json()
}

async function ask(form, more = {}) {
  const options = await optionsOf(form)
  return form.dataset.passkey === 'create'
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
        ...more
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
        ...more
      })
}

function send(form, credential) {
  form.elements.passkey.value = JSON.stringify(credential.toJSON())
  form.submit()
}

async function complete(form) {
  const note = form.querySelector('[role=alert]')
  note.hidden = true
  suggestions.abort()
  try {
    send(form, await ask(form))
  } catch {
    note.hidden = false
  }
}

/** Suggests passkeys in the field for the address (conditional mediation), where browsers can. */
async function suggest(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
  suggestions = new AbortController()
  try {
    const { signal } = suggestions
    const credential = await ask(form, { mediation: 'conditional', signal })
    if (credential !== null) send(form, credential)
  } catch {
    // Nobody has chosen a passkey. The button is still there.
  }
}

for (const form of forms) {
  if (!isAvailable) {
    form.hidden = true
    // Only where nothing else can be done on the page.
    const note = form.parentElement.querySelector('[data-without-passkeys]')
    if (note !== null) note.hidden = false
    continue
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void complete(form)
  })
}

const [first] = forms
if (isAvailable && first?.dataset.optionsFrom !== undefined) void suggest(first)
