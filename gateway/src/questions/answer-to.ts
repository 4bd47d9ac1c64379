import type { Question } from '@gatehouse/fleet/questions'
import type { AnswerCommand } from '../commands/answer-commands.ts'
import { explainRequest } from '../explain/explain-request.ts'
import { listRoutes } from '../explain/list-routes.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { routesVersion } from '../routes/table/routes-version.ts'

/**
 * Answers a question about the route table in force, and carries out commands. Resolves with null
 * if there is no answer.
 */
export const answerTo =
  (table: () => RouteTable, command: AnswerCommand) =>
  async (question: Question): Promise<string | null> => {
    if (question.isCommand) return command(question)
    const { request } = question
    const current = table()
    const answer =
      request === null ? listRoutes(current) : explainRequest(request.method, request.path, current)
    return JSON.stringify({ routesVersion: routesVersion(current), ...answer })
  }
