//! What pumps tell: taken once, in any order, with its gaps; and nobody else is believed.

mod common;

use clinic::journal;
use clinic::values;
use common::house::{HOUR, House};
use common::on_both;
use common::pump::{interrogation, read, sent_as, told, with_hours};
use exchange::Body;
use exchange::Label;
use exchange::body::{Diary, DiaryEntry, Felt, Order};
use exchange::value::Document;

const NOW: u64 = 60 * 24 * 3_600_000;

//= requirements/clinic.md#what-pumps-tell
//= type=test
//# The clinic MUST keep what pumps tell append-only and once per pump and sequence.
#[test]
fn reports_in_any_order_and_twice_come_to_the_same_record_and_a_gap_is_shown_until_it_is_closed() {
    on_both(async |store| {
        journal::set_reader(read);
        let house = House::of(store).await;
        let take = async |seq, told| clinic::told::take(&house.app, &interrogation(seq, told)).await.unwrap().0;
        let late = with_hours(told(NOW - 20 * HOUR.unsigned_abs(), 40), 4, 6, 10);
        take(1, with_hours(told(NOW - 30 * HOUR.unsigned_abs(), 40), 0, 4, 4)).await;
        take(3, with_hours(told(NOW, 40), 10, 5, 15)).await;
        assert_eq!(clinic::told::gaps(&house.app.db, 1_000).await.unwrap(), [(4, 9)]);
        let page = format!("/patients/{}", house.patient);
        house.signed_in("nurse").await.get(&page).await.is(200).says("gaps").says("4–9");
        // The late one comes, twice; it is answered alike and nothing is counted twice.
        let first = take(2, late.clone()).await;
        assert_eq!(take(2, late.clone()).await, first);
        // And once more under another number, as a programmer would bring it.
        take(7, late).await;
        assert_eq!(clinic::told::gaps(&house.app.db, 1_000).await.unwrap(), []);
        assert_eq!(house.count("SELECT COUNT(*) FROM pump_record").await, 15);
        assert_eq!(house.count("SELECT CAST(SUM(delivered_fg) / 1000000000 AS BIGINT) FROM pump_hour").await, 15 * 42);
        // The late report is older than the newest: what is newest stands.
        assert_eq!(house.count("SELECT journal_next FROM pump_now").await, 15);
        house.signed_in("nurse").await.get(&page).await.says("Every record of the pump").says_not("4–9");
        // What was told can be asked for by machines as well.
        let api = house.signed_in("nurse").await.get(&format!("/api/v1{page}")).await.is(200);
        assert!(api.body.contains("\"gaps\":[]"), "{}", api.body);
    });
}

#[test]
fn a_document_of_nobody_or_altered_is_refused_and_leaves_nothing() {
    on_both(async |store| {
        let house = House::of(store).await;
        let good = interrogation(1, told(NOW, 40));
        let altered = String::from_utf8(good.clone()).unwrap().replace("12000000", "22000000");
        let post = async |bytes: Vec<u8>| house.anybody().post_json("/api/v1/documents", bytes).await;
        post(altered.into_bytes()).await.is(403).says("altered");
        let forged = sent_as(1, 1, Body::Interrogation(Box::new(told(NOW, 40))), &[8; 32]);
        post(forged).await.is(403).says("another");
        post(b"{}".to_vec()).await.is(422);
        assert_eq!(house.count("SELECT COUNT(*) FROM document").await, 0);
        assert_eq!(house.count("SELECT COUNT(*) FROM pump_report").await, 0);
        post(good.clone()).await.is(200).says("taken");
        // The same number with other content is a clash, never an overwriting.
        let other = interrogation(1, told(NOW + 1_000, 40));
        post(other).await.is(409);
        post(good).await.is(200);
        assert_eq!(house.count("SELECT COUNT(*) FROM document").await, 1);
    });
}

#[test]
fn an_altered_record_is_kept_apart_and_becomes_an_alarm() {
    on_both(async |store| {
        journal::set_reader(read);
        let house = House::of(store).await;
        let mut report = with_hours(told(NOW, 40), 0, 3, 3);
        report.journal.records[1].0[8] ^= 1;
        clinic::told::take(&house.app, &interrogation(1, report)).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) FROM pump_record WHERE genuine = 0").await, 1);
        assert_eq!(house.count("SELECT COUNT(*) FROM pump_hour").await, 2, "no dose comes of it");
        house.signed_in("nurse").await.get("/alarms").await.says("not the pump's own");
    });
}

#[test]
fn an_order_made_for_another_order_becomes_a_task_and_what_runs_stands() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 40))).await.unwrap();
        let order = Order {
            prescription: Document(common::pump::order(6)),
            written_by: "Petra Pine".into(),
            reason: "more pain".into(),
            without_bridge: None,
            written: Label { ms: 1, utc_offset_min: 0 },
            commit: None,
        };
        let bytes = sent_as(2, 5, Body::Order(Box::new(order)), &common::house::MONITOR);
        let (outcome, _) = clinic::told::take(&house.app, &bytes).await.unwrap();
        assert_eq!(outcome, exchange::body::Outcome::Task { made_for: 5, runs: 1 });
        house
            .signed_in("nurse")
            .await
            .get("/today")
            .await
            .says("an order made for order 5 arrived; the pump runs order 1");
        assert_eq!(house.count("SELECT order_number FROM pump_now").await, 1);
    });
}

//= requirements/clinic.md#tip-in-sight
//= type=test
//# A dose that rises without relief, a new neurological sign or a concentration above its limit MUST raise the question of a mass at the catheter tip.
#[test]
fn new_weakness_in_a_diary_asks_for_the_tip() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 40))).await.unwrap();
        let entry = |entry| DiaryEntry { entry, at: Label { ms: 1, utc_offset_min: 0 }, pump_ms: Some(NOW) };
        let diary =
            Diary { entries: vec![entry(Felt::Pain { rating: 7 }), entry(Felt::Complaint { word: "itch".into() })] };
        clinic::told::take(&house.app, &common::pump::sent(2, Body::Diary(diary))).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) FROM task WHERE kind = 'tip'").await, 0, "itching asks nothing");
        let diary = Diary { entries: vec![entry(Felt::Complaint { word: "new-weakness".into() })] };
        clinic::told::take(&house.app, &common::pump::sent(3, Body::Diary(diary.clone()))).await.unwrap();
        clinic::told::take(&house.app, &common::pump::sent(4, Body::Diary(diary))).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) FROM task WHERE kind = 'tip'").await, 1, "asked once while it stands");
        house.signed_in("physician").await.get("/today").await.says("mass at the catheter tip");
        assert_eq!(house.count("SELECT tenths FROM outcome WHERE item = 'pain'").await, 70);
    });
}

#[test]
fn what_pumps_told_cannot_be_changed() {
    on_both(async |store| {
        journal::set_reader(read);
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, with_hours(told(NOW, 40), 0, 3, 3))).await.unwrap();
        for table in ["pump_record", "pump_hour", "pump_report", "document"] {
            let mut tx = house.app.db.begin().await.unwrap();
            let why = tx.run(format!("DELETE FROM {table}"), values![]).await.unwrap_err().to_string();
            assert!(why.contains("append-only") || why.contains("stays answered"), "{table}: {why}");
        }
    });
}
