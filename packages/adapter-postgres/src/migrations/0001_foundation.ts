/**
 * Every key starts with the log, so that logs can live apart. Instants are epoch milliseconds in tables; the views show
 * them as timestamps. Ids compare by byte (`COLLATE "C"`): the same order everywhere, and the fastest.
 *
 * `logs` holds the head of each log: the one row that every append updates. `events` is the truth; all other tables
 * follow from it and can be made again by `rebuild`. Nested data is `json`, not `jsonb`: the write path never looks into it,
 * and converting it costs a quarter of a commit (see journal/append.ts). Their CHECKs are a second line of defence, not the rules.
 */
export const foundation = (schema: string): ReadonlyArray<string> => [
  `CREATE TABLE ${schema}.logs (
     log text COLLATE "C" PRIMARY KEY,
     position bigint NOT NULL CHECK (position >= 0),
     recorded_at bigint NOT NULL
   ) WITH (fillfactor = 20)`,

  `CREATE TABLE ${schema}.events (
     log text COLLATE "C" NOT NULL,
     position bigint NOT NULL CHECK (position > 0),
     command_id text COLLATE "C" NOT NULL,
     command_position bigint NOT NULL,
     command_size integer NOT NULL CHECK (command_size > 0),
     type text COLLATE "C" NOT NULL,
     version integer NOT NULL CHECK (version > 0),
     sku text COLLATE "C",
     data json NOT NULL,
     meta json NOT NULL,
     effective_at bigint NOT NULL,
     recorded_at bigint NOT NULL,
     fingerprint text COLLATE "C" NOT NULL,
     PRIMARY KEY (log, position)
   )`,
  // Law 4: one command id, one effect. Only the first event of a command is indexed.
  `CREATE UNIQUE INDEX events_command_id ON ${schema}.events (log, command_id) WHERE position = command_position`,
  // History of a SKU. Events about several SKUs are in event_skus instead.
  `CREATE INDEX events_sku ON ${schema}.events (log, sku, position) WHERE sku IS NOT NULL`,
  `CREATE TABLE ${schema}.event_skus (
     log text COLLATE "C" NOT NULL,
     sku text COLLATE "C" NOT NULL,
     position bigint NOT NULL,
     PRIMARY KEY (log, sku, position)
   )`,

  `CREATE TABLE ${schema}.skus (
     log text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     status text NOT NULL CHECK (status IN ('active', 'retired')),
     tracking text NOT NULL,
     base_unit text NOT NULL,
     scale bigint NOT NULL CHECK (scale BETWEEN 0 AND 9),
     shortage text NOT NULL CHECK (shortage IN ('refuse', 'backorder')),
     position bigint NOT NULL,
     PRIMARY KEY (log, id)
   )`,
  `CREATE INDEX skus_code ON ${schema}.skus (log, code)`,

  `CREATE TABLE ${schema}.locations (
     log text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     kind text NOT NULL,
     name text,
     parent text COLLATE "C",
     path json NOT NULL,
     status text NOT NULL CHECK (status IN ('open', 'closed')),
     position bigint NOT NULL,
     PRIMARY KEY (log, id)
   )`,
  `CREATE INDEX locations_parent ON ${schema}.locations (log, parent)`,

  `CREATE TABLE ${schema}.levels (
     log text COLLATE "C" NOT NULL,
     sku text COLLATE "C" NOT NULL,
     location text COLLATE "C" NOT NULL,
     own_on_hand bigint NOT NULL,
     own_held bigint NOT NULL,
     own_allocated bigint NOT NULL,
     own_free bigint NOT NULL CHECK (own_free >= 0),
     claimed_exactly bigint NOT NULL CHECK (claimed_exactly >= 0),
     claimed_within bigint NOT NULL CHECK (claimed_within >= 0),
     child_room bigint NOT NULL CHECK (child_room >= 0),
     on_hand bigint NOT NULL,
     held bigint NOT NULL,
     allocated bigint NOT NULL,
     reserved bigint NOT NULL CHECK (reserved >= 0),
     unsellable bigint NOT NULL,
     PRIMARY KEY (log, sku, location)
   ) WITH (fillfactor = 60)`,
  `CREATE INDEX levels_location ON ${schema}.levels (log, location, sku)`,

  `CREATE TABLE ${schema}.positions (
     log text COLLATE "C" NOT NULL,
     sku text COLLATE "C" NOT NULL,
     location text COLLATE "C" NOT NULL,
     lot text COLLATE "C" NOT NULL,
     condition text COLLATE "C" NOT NULL,
     owner text COLLATE "C" NOT NULL,
     on_hand bigint NOT NULL,
     held bigint NOT NULL CHECK (held >= 0),
     allocated bigint NOT NULL CHECK (allocated >= 0),
     position bigint NOT NULL,
     PRIMARY KEY (log, sku, location, lot, condition, owner)
   ) WITH (fillfactor = 60)`,
  `CREATE INDEX positions_location ON ${schema}.positions (log, location, sku)`,

  `CREATE TABLE ${schema}.movements (
     log text COLLATE "C" NOT NULL,
     position bigint NOT NULL,
     seq bigint NOT NULL,
     sku text COLLATE "C" NOT NULL,
     quantity bigint NOT NULL CHECK (quantity > 0),
     from_location text COLLATE "C" NOT NULL,
     from_lot text COLLATE "C" NOT NULL,
     from_condition text COLLATE "C" NOT NULL,
     from_owner text COLLATE "C" NOT NULL,
     to_location text COLLATE "C" NOT NULL,
     to_lot text COLLATE "C" NOT NULL,
     to_condition text COLLATE "C" NOT NULL,
     to_owner text COLLATE "C" NOT NULL,
     unit_cost bigint,
     currency text,
     effective_at bigint NOT NULL,
     recorded_at bigint NOT NULL,
     PRIMARY KEY (log, position, seq)
   )`,
  `CREATE INDEX movements_sku ON ${schema}.movements (log, sku, position)`,

  `CREATE TABLE ${schema}.holds (
     log text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     sku text COLLATE "C" NOT NULL,
     location text COLLATE "C" NOT NULL,
     lot text COLLATE "C" NOT NULL,
     condition text COLLATE "C" NOT NULL,
     owner text COLLATE "C" NOT NULL,
     quantity bigint NOT NULL CHECK (quantity > 0),
     remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND quantity),
     placed_at bigint NOT NULL,
     position bigint NOT NULL,
     PRIMARY KEY (log, id)
   )`,
  `CREATE INDEX holds_open ON ${schema}.holds (log, sku) WHERE remaining <> 0`,

  `CREATE TABLE ${schema}.reservations (
     log text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     owner text COLLATE "C" NOT NULL,
     status text NOT NULL CHECK (status IN ('active', 'confirmed', 'shipped', 'released', 'expired')),
     priority bigint NOT NULL,
     created_at bigint NOT NULL,
     expires_at bigint NOT NULL,
     extendable_until bigint NOT NULL,
     lines json NOT NULL,
     history json NOT NULL,
     position bigint NOT NULL,
     PRIMARY KEY (log, id)
   )`,
  // What expires next: read once when an engine opens, then whenever the earliest known instant has come.
  `CREATE INDEX reservations_expiring ON ${schema}.reservations (log, expires_at, id) WHERE status = 'active'`,

  `CREATE TABLE ${schema}.backorders (
     log text COLLATE "C" NOT NULL,
     sku text COLLATE "C" NOT NULL,
     reservation text COLLATE "C" NOT NULL,
     line bigint NOT NULL,
     quantity bigint NOT NULL CHECK (quantity >= 0),
     since bigint NOT NULL,
     PRIMARY KEY (log, sku, reservation, line)
   )`,

  // The same rule as the domain's availableIn, for hosts that join: the least room of a place and its ancestors.
  // Claims whose expiry is not recorded yet still count here, up to the half second that the sweep may take.
  `CREATE VIEW ${schema}.stock_levels AS
   SELECT level.log AS tenant, level.sku, sku.code, level.location, location.kind, location.parent,
          level.on_hand, level.held, level.reserved, level.allocated,
          (SELECT min(greatest(0, scope.own_free - scope.claimed_exactly) + scope.child_room - scope.claimed_within)
             FROM ${schema}.levels scope
            WHERE scope.log = level.log AND scope.sku = level.sku
              AND (scope.location = level.location OR coalesce(location.path::jsonb, '[]') ? scope.location)) AS available,
          level.unsellable
     FROM ${schema}.levels level
     JOIN ${schema}.skus sku ON sku.log = level.log AND sku.id = level.sku
     LEFT JOIN ${schema}.locations location ON location.log = level.log AND location.id = level.location`,

  // One row per reservation line. A claim is expired from its instant on, recorded or not.
  `CREATE VIEW ${schema}.reservation_lines AS
   SELECT reservation.log AS tenant, reservation.id AS reservation, reservation.owner,
          CASE WHEN reservation.status = 'active' AND reservation.expires_at <= extract(epoch FROM now()) * 1000
               THEN 'expired' ELSE reservation.status END AS status,
          reservation.priority,
          to_timestamp(reservation.created_at / 1000.0) AS created_at,
          to_timestamp(reservation.expires_at / 1000.0) AS expires_at,
          line.number::integer AS line, line.value->>'sku' AS sku,
          line.value->>'scope' AS scope, (line.value->>'exactly')::boolean AS exactly,
          (line.value->>'quantity')::bigint AS quantity, (line.value->>'reserved')::bigint AS reserved,
          (line.value->>'backordered')::bigint AS backordered,
          (SELECT coalesce(sum((allocation->>'quantity')::bigint), 0)::bigint
             FROM json_array_elements(line.value->'allocations') allocation) AS allocated,
          (line.value->>'shipped')::bigint AS shipped, (line.value->>'released')::bigint AS released,
          (line.value->>'expired')::bigint AS expired, (line.value->>'returned')::bigint AS returned
     FROM ${schema}.reservations reservation
    CROSS JOIN LATERAL json_array_elements(reservation.lines) WITH ORDINALITY AS line(value, number)`,

  // Both sides of every movement, with what was on hand at that position after it.
  `CREATE VIEW ${schema}.stock_movements AS
   SELECT side.log AS tenant, side.position, side.seq, event.type, event.command_id,
          event.meta->>'reasonCode' AS reason_code, event.meta->>'reference' AS reference, event.meta->>'actor' AS actor,
          side.sku, side.location, side.lot, side.condition, side.owner, side.other_location,
          side.change,
          sum(side.change) OVER (
            PARTITION BY side.log, side.sku, side.location, side.lot, side.condition, side.owner
            ORDER BY side.position, side.seq, side.change
          )::bigint AS balance,
          side.unit_cost, side.currency,
          to_timestamp(side.effective_at / 1000.0) AS effective_at,
          to_timestamp(side.recorded_at / 1000.0) AS recorded_at
     FROM (
       SELECT log, position, seq, sku, from_location AS location, from_lot AS lot, from_condition AS condition,
              from_owner AS owner, to_location AS other_location, -quantity AS change,
              unit_cost, currency, effective_at, recorded_at
         FROM ${schema}.movements
        UNION ALL
       SELECT log, position, seq, sku, to_location, to_lot, to_condition, to_owner, from_location, quantity,
              unit_cost, currency, effective_at, recorded_at
         FROM ${schema}.movements
     ) side
     JOIN ${schema}.events event ON event.log = side.log AND event.position = side.position`
]
