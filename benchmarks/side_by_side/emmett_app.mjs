// The claims ledger as Emmett's own guide builds one: commands by CommandHandler, state folded from the stream.
import { CommandHandler } from '@event-driven-io/emmett';
import { getApplication, on, Created, OK } from '@event-driven-io/emmett-expressjs';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { randomUUID } from 'node:crypto';

const initialState = () => ({ reports: 0, denials: 0, assessments: 0, confirmations: 0, events: 0 });
const counted = {
  ClaimReported: 'reports',
  ClaimDenied: 'denials',
  ClaimAssessed: 'assessments',
  ClaimConfirmed: 'confirmations',
};

const evolve = (state, { type }) => ({
  ...state,
  events: state.events + 1,
  ...(type in counted ? { [counted[type]]: state[counted[type]] + 1 } : {}),
});

const handle = CommandHandler({ evolve, initialState });
const eventStore = getPostgreSQLEventStore(process.argv[2]);
await eventStore.schema.migrate();

const api = (router) => {
  router.post(
    '/v1/events',
    on(async (request) => {
      const { type, claim_id: given, data, event_id: eventId, ...said } = request.body;
      const claimId = given ?? randomUUID();
      // A Date is no JSON: all of it goes into the event's data as it came.
      await handle(eventStore, `claim-${claimId}`, () => ({ type, data: { ...data, ...said, eventId } }));
      return Created({ createdId: eventId, url: `/v1/events/${eventId}` });
    }),
  );
  router.get(
    '/v1/claims/:claimId',
    on(async (request) => {
      const { state } = await eventStore.aggregateStream(`claim-${request.params.claimId}`, { evolve, initialState });
      return OK({ body: { claim_id: request.params.claimId, ...state } });
    }),
  );
};

const server = getApplication({ apis: [api] }).listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
