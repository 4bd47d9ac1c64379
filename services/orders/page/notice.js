import { byId } from './elements.js'

const messages = {
  CONFLICT: 'This address already has an account: sign in.',
  NETWORK: 'The gateway does not answer. Your session continues.',
  UNAVAILABLE: 'The service is not available at the moment. Your session continues.',
  RATE_LIMITED: 'Too many attempts: wait a moment.'
}

export const notify = (text, className = '') => {
  byId('notice').textContent = text
  byId('notice').className = className
  byId('notice').hidden = false
}

/** Runs what a button does, and shows an error. `own` are messages for codes of this button. */
export const run = async (work, own = {}) => {
  byId('notice').hidden = true
  try {
    await work()
  } catch (error) {
    // onSessionEnd reports it in every tab.
    if (error.code === 'SESSION_ENDED') return
    notify(own[error.code] ?? messages[error.code] ?? error.message, 'bad')
  }
}

export const attempt = (work, own) => {
  void run(work, own)
}

/** Calls back with the fields of a form when it is submitted, and empties it after a success. */
export const onSubmit = (form, work, own) => {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    attempt(async () => {
      await work(Object.fromEntries(new FormData(form)))
      form.reset()
    }, own)
  })
}
