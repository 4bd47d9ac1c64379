import { type Static, Type } from 'typebox'

/** The settings of password hashes. .env.example describes each of them. */
export const passwordSettings = {
  AUTH_PASSWORD_MEMORY_KIB: Type.Integer({ default: 19_456, minimum: 1024 }),
  AUTH_PASSWORD_PASSES: Type.Integer({ default: 2, minimum: 1 }),
  AUTH_PASSWORD_LANES: Type.Integer({ default: 1, minimum: 1, maximum: 16 }),
  AUTH_PASSWORD_THREADS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  /** libuv's number of threads, which hashes, file access and name lookups share */
  UV_THREADPOOL_SIZE: Type.Integer({ default: 4, minimum: 1, maximum: 1024 }),
  AUTH_PASSWORD_QUEUE: Type.Integer({ default: 128, minimum: 0 })
}

export type PasswordConfig = Static<ReturnType<typeof Type.Object<typeof passwordSettings>>> & {
  /** how many processes share the machine */
  readonly workers: number
}
