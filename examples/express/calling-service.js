import { identity } from '@gatehouse/identity/express'
import express from 'express'
import { callsAsUser } from './as-user.js'

const { GATEWAY_KEYS_URL, GATEWAY_URL, AUDIENCE, CLIENT_ID, CLIENT_SECRET, PORT } = process.env
const asUser = callsAsUser({ gateway: GATEWAY_URL, id: CLIENT_ID, secret: CLIENT_SECRET })
const service = express()
service.use(identity({ gatewayKeys: GATEWAY_KEYS_URL, audience: AUDIENCE }))

service.get('/summary', async (request, response) => {
  const answer = await asUser(request, 'orders', '/orders')
  const body = await answer.json()
  if (answer.ok) response.json({ orders: body.orders.length })
  else response.status(answer.status).json(body)
})

service.listen(Number(PORT), '127.0.0.1')
