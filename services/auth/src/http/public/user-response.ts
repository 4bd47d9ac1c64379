import { Type } from 'typebox'

export const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  roles: Type.Array(Type.String())
})

export const UserResponse = Type.Object({ user: User })
