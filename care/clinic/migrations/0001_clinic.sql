-- The clinic's record, for SQLite and PostgreSQL alike. Times are ms since 1970 UTC on the clinic's clock (`_ms`), days are
-- ISO dates, quantities carry their unit in the name, truths are 0 and 1. Ids of people's things are random texts.

CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    wall_ms BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, sequence);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    email TEXT NOT NULL,
    password TEXT,
    single_sign_on TEXT UNIQUE,
    on_call BIGINT,
    is_active BIGINT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE TABLE passkey (
    id BYTEA PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    public_key BYTEA NOT NULL,
    counter BIGINT NOT NULL,
    label TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE TABLE challenge (
    hash BYTEA PRIMARY KEY,
    purpose TEXT NOT NULL,
    staff_id TEXT,
    body TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE TABLE session (
    hash BYTEA PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    form_token TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    agent TEXT NOT NULL
);
CREATE INDEX session_by_staff ON session (staff_id, ended_ms);
CREATE TABLE failed_sign_in (
    id TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL,
    address TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX failed_by_name ON failed_sign_in (sign_in, at_ms);
CREATE INDEX failed_by_address ON failed_sign_in (address, at_ms);

CREATE TABLE patient (
    id TEXT PRIMARY KEY,
    record_number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    born TEXT NOT NULL,
    sex TEXT NOT NULL,
    phone TEXT NOT NULL,
    stage TEXT NOT NULL,
    indication TEXT NOT NULL,
    goal TEXT NOT NULL,
    allergies TEXT NOT NULL,
    tip_level TEXT NOT NULL,
    pump_site TEXT NOT NULL,
    withdrawal_before BIGINT NOT NULL,
    lives_alone BIGINT NOT NULL,
    home_refill BIGINT NOT NULL,
    baseline_pain_tenths BIGINT,
    search TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE INDEX patient_by_name ON patient (name);
CREATE INDEX patient_by_stage ON patient (stage, name);
CREATE TABLE care_team (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (patient_id, staff_id)
);
CREATE INDEX care_team_by_staff ON care_team (staff_id);
CREATE TABLE break_glass (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    reason TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    until_wall_ms BIGINT NOT NULL,
    reviewed_by TEXT,
    reviewed_ms BIGINT
);
CREATE INDEX break_glass_by_patient ON break_glass (patient_id, staff_id, until_wall_ms);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    lot TEXT NOT NULL,
    udi TEXT NOT NULL,
    public_key BYTEA,
    detail TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    UNIQUE (kind, serial)
);
CREATE TABLE device_use (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    patient_id TEXT NOT NULL REFERENCES patient (id),
    since_ms BIGINT NOT NULL,
    until_ms BIGINT,
    ended_why TEXT
);
CREATE INDEX device_use_by_patient ON device_use (patient_id, since_ms);
CREATE INDEX device_use_by_device ON device_use (device_id, since_ms);
CREATE TABLE journal_key (
    pump BIGINT PRIMARY KEY,
    bytes BYTEA NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE TABLE check_out (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    patient_id TEXT NOT NULL REFERENCES patient (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    at_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    ended_ms BIGINT
);
CREATE INDEX check_out_by_patient ON check_out (patient_id, ended_ms);

-- What came in an envelope, and what was answered: a repeat is answered alike.
CREATE TABLE document (
    source TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    pump BIGINT NOT NULL,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (source, sequence)
);
-- What pumps tell, unopened and as opened.
CREATE TABLE pump_record (
    pump BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    genuine BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (pump, sequence)
);
CREATE TABLE pump_event (
    pump BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL,
    number_a BIGINT,
    number_b BIGINT,
    PRIMARY KEY (pump, sequence)
);
CREATE INDEX pump_event_by_time ON pump_event (pump, at_ms);
CREATE INDEX pump_event_by_kind ON pump_event (pump, kind, at_ms);
CREATE TABLE pump_hour (
    pump BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    drug TEXT NOT NULL,
    ended_ms BIGINT NOT NULL,
    delivered_fg BIGINT NOT NULL,
    unconfirmed BIGINT NOT NULL,
    PRIMARY KEY (pump, sequence, drug)
);
CREATE INDEX pump_hour_by_time ON pump_hour (pump, ended_ms);
CREATE TABLE pump_report (
    pump BIGINT NOT NULL,
    pump_ms BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    source TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pump, pump_ms)
);
-- The newest of it, for boards; made anew from the above at any time.
CREATE TABLE pump_now (
    pump BIGINT PRIMARY KEY,
    patient_id TEXT,
    pump_ms BIGINT NOT NULL,
    heard_ms BIGINT NOT NULL,
    doing TEXT NOT NULL,
    flow_nl_per_day BIGINT NOT NULL,
    reservoir_nl BIGINT NOT NULL,
    reservoir_worst_nl BIGINT NOT NULL,
    runs_low_ms BIGINT,
    refill_by_ms BIGINT,
    stability_ms BIGINT,
    replace_by_ms BIGINT,
    boluses_today BIGINT NOT NULL,
    alarms BIGINT NOT NULL,
    journal_next BIGINT NOT NULL,
    records_held BIGINT NOT NULL,
    order_number BIGINT NOT NULL,
    order_text TEXT NOT NULL,
    ledger_text TEXT NOT NULL,
    battery_permille BIGINT,
    silent_after_ms BIGINT NOT NULL
);
CREATE INDEX pump_now_by_patient ON pump_now (patient_id);
CREATE INDEX pump_now_by_refill ON pump_now (refill_by_ms);
CREATE INDEX pump_now_by_heard ON pump_now (heard_ms);

CREATE TABLE alarm (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    pump BIGINT,
    code BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    words TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    seen_first_ms BIGINT NOT NULL,
    seen_last_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    owner_id TEXT,
    acknowledged_by TEXT,
    acknowledged_ms BIGINT,
    rung BIGINT NOT NULL,
    next_rung_ms BIGINT
);
CREATE INDEX alarm_open ON alarm (ended_ms, acknowledged_ms, priority);
CREATE INDEX alarm_by_patient ON alarm (patient_id, since_ms);
CREATE INDEX alarm_due ON alarm (next_rung_ms);
CREATE TABLE alarm_step (
    id TEXT PRIMARY KEY,
    alarm_id TEXT NOT NULL REFERENCES alarm (id),
    place BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    staff_id TEXT,
    words TEXT NOT NULL,
    UNIQUE (alarm_id, place)
);
CREATE TABLE message (
    id TEXT PRIMARY KEY,
    alarm_id TEXT REFERENCES alarm (id),
    staff_id TEXT,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    due_wall_ms BIGINT,
    tries BIGINT NOT NULL,
    sent_ms BIGINT,
    failed_why TEXT
);
CREATE INDEX message_due ON message (due_wall_ms);

CREATE TABLE appointment (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE INDEX appointment_by_patient ON appointment (patient_id, at_ms);
CREATE INDEX appointment_by_time ON appointment (state, at_ms);
CREATE TABLE closed_day (
    day TEXT PRIMARY KEY,
    why TEXT NOT NULL
);
CREATE TABLE outreach (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    at_ms BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    how TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX outreach_by_patient ON outreach (patient_id, at_ms);
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    patient_id TEXT REFERENCES patient (id),
    kind TEXT NOT NULL,
    words TEXT NOT NULL,
    due_ms BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    done_by TEXT,
    done_ms BIGINT
);
CREATE INDEX task_open ON task (done_ms, due_ms);

CREATE TABLE outcome (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    at_ms BIGINT NOT NULL,
    item TEXT NOT NULL,
    tenths BIGINT NOT NULL,
    recall TEXT NOT NULL,
    told_by TEXT NOT NULL
);
CREATE INDEX outcome_by_patient ON outcome (patient_id, item, at_ms);
CREATE TABLE adverse_event (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    began_ms BIGINT NOT NULL,
    category TEXT NOT NULL,
    component TEXT NOT NULL,
    term TEXT NOT NULL,
    grade BIGINT NOT NULL,
    is_serious BIGINT NOT NULL,
    action TEXT NOT NULL,
    report_due_ms BIGINT,
    ended_ms BIGINT,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE INDEX adverse_event_by_patient ON adverse_event (patient_id, began_ms);
CREATE TABLE medication (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    drug TEXT NOT NULL,
    mcg_per_day BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    until_ms BIGINT,
    made_by TEXT NOT NULL
);
CREATE INDEX medication_by_patient ON medication (patient_id, since_ms);
CREATE TABLE note (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    at_ms BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX note_by_patient ON note (patient_id, at_ms);
CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    at_ms BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    bytes BYTEA NOT NULL
);
CREATE INDEX attachment_by_patient ON attachment (patient_id, at_ms);

CREATE TABLE proposal (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    pump BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    base_order BIGINT NOT NULL,
    order_text TEXT NOT NULL,
    reason TEXT NOT NULL,
    checks_wanted BIGINT NOT NULL,
    checked_by TEXT,
    checked_ms BIGINT,
    state TEXT NOT NULL,
    settled_ms BIGINT,
    settled_words TEXT
);
CREATE INDEX proposal_by_patient ON proposal (patient_id, made_ms);

CREATE TABLE formulary_version (
    number BIGINT PRIMARY KEY,
    text TEXT NOT NULL,
    why TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE TABLE formulary_review (
    number BIGINT PRIMARY KEY,
    staff_id TEXT NOT NULL,
    accepted BIGINT NOT NULL,
    at_ms BIGINT NOT NULL
);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
