/**
 * Members of responses about the route tables of the gateways, as `api/operator.json` describes.
 */

import type * as api from './operator-api.ts'

export type Route = api.ListedRoute

export type RouteTables = api.RouteTables

export type Explanation = api.RouteExplanation

/** What gateways found in a route table. */
export type TableOutcomes = api.TableOutcomes

/** Both members are null if no gateway answered. */
export type ExplainedRequest = api.ExplainedRequest
