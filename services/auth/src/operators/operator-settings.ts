import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'

/** The groups of requests that can be made to need a second operator. */
const fourEyesGroups = ['keys', 'tokens', 'sessions', 'users'] as const
export type FourEyesGroup = (typeof fourEyesGroups)[number]

/** The settings of operators. .env.example describes each of them. */
export const operatorSettings = {
  AUTH_OPS_FOUR_EYES: Type.String({ default: '' }),
  AUTH_OPS_APPROVAL_SECONDS: Type.Integer({ default: 3600, minimum: 60, maximum: 86_400 })
}

export type OperatorConfig = Static<ReturnType<typeof Type.Object<typeof operatorSettings>>>

export const fourEyesOf = ({
  AUTH_OPS_FOUR_EYES: text
}: Pick<OperatorConfig, 'AUTH_OPS_FOUR_EYES'>): ReadonlySet<string> => new Set(words(text))

export function operatorFaults(config: OperatorConfig): string[] {
  const groups: readonly string[] = fourEyesGroups
  const unknown = [...fourEyesOf(config)].filter((group) => !groups.includes(group))
  return unknown.map(
    (group) => `AUTH_OPS_FOUR_EYES: "${group}" is not one of ${fourEyesGroups.join(', ')}`
  )
}
