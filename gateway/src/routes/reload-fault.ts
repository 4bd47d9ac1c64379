import { SettingsFault } from '@gatehouse/settings/read-settings'

/** For the log: a mistake of the operator as plain text, anything else with its stack. */
export const reloadFault = (error: unknown): object =>
  error instanceof SettingsFault ? { faults: error.faults } : { err: error }
