//! Alarms that reach somebody: from person to person until one answers, and what became of each is kept.

mod common;

use clinic::values;
use common::house::{DAY, HOUR, House, MINUTE};
use common::on_both;
use common::pump::{interrogation, told, with_alarm};
use orders::AlarmId;

async fn the_alarm(house: &House) -> String {
    house
        .app
        .db
        .first("SELECT id FROM alarm ORDER BY seen_first_ms DESC", values![])
        .await
        .unwrap()
        .unwrap()
        .text(0)
        .unwrap()
}

//= requirements/clinic.md#escalates-until-answered
//= type=test
//# An alarm MUST go to the next person after its time until someone acknowledges it.
#[test]
fn an_alarm_goes_round_until_somebody_answers_and_then_no_further() {
    on_both(async |store| {
        let house = House::of(store).await;
        // 08:00 the pump stalls; the nurse is first on call, the physician second.
        let stalls = with_alarm(told(90 * DAY.unsigned_abs(), 40), AlarmId::Stall);
        clinic::told::take(&house.app, &interrogation(1, stalls)).await.unwrap();
        let alarm = the_alarm(&house).await;
        house.passes(MINUTE, MINUTE).await;
        assert_eq!(house.steps(&alarm).await[1], "told to Nora Nutmeg");
        house.passes(15 * MINUTE, MINUTE).await;
        assert_eq!(house.steps(&alarm).await[2], "escalated to Petra Pine");
        house.passes(15 * MINUTE, MINUTE).await;
        assert_eq!(house.steps(&alarm).await[3], "escalated to Nora Nutmeg", "and round again");
        // The physician looks and answers.
        let physician = house.signed_in("physician").await;
        physician.get(&format!("/alarms/{alarm}")).await.is(200).says("the drive does not turn").says("Unanswered");
        physician.post(&format!("/alarms/{alarm}/acknowledge"), &[("words", "ambulance called")]).await.is(303);
        let steps = house.steps(&alarm).await;
        assert_eq!(steps[4..], ["seen by Petra Pine", "acknowledged by Petra Pine: ambulance called"]);
        // What did not happen: nobody else is told.
        house.passes(3 * DAY, HOUR).await;
        assert!(
            house.steps(&alarm).await.iter().skip(6).all(|step| !step.starts_with("escalated")),
            "{:?}",
            house.steps(&alarm).await
        );
    });
}

//= requirements/clinic.md#escalates-until-answered
//= type=test
//# A pump that should have been heard of and was not MUST become an alarm itself.
#[test]
fn a_pump_that_falls_silent_becomes_an_alarm_and_its_next_word_ends_it() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(90 * DAY.unsigned_abs(), 60))).await.unwrap();
        house.passes(47 * HOUR, HOUR).await;
        assert_eq!(house.count("SELECT COUNT(*) FROM alarm WHERE code = 200").await, 0, "not before its time");
        house.passes(2 * HOUR, HOUR).await;
        assert_eq!(house.count("SELECT COUNT(*) FROM alarm WHERE code = 200 AND ended_ms IS NULL").await, 1);
        house.signed_in("nurse").await.get("/alarms").await.says("nothing was heard from the pump for 48 h");
        clinic::told::take(&house.app, &interrogation(2, told(93 * DAY.unsigned_abs(), 57))).await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) FROM alarm WHERE code = 200 AND ended_ms IS NULL").await, 0);
        house.passes(2 * HOUR, HOUR).await;
        assert_eq!(house.count("SELECT COUNT(*) FROM alarm WHERE code = 200").await, 1, "once, not at every look");
    });
}

#[test]
fn the_answer_of_the_first_stands_and_an_owner_may_hand_on() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(
            &house.app,
            &interrogation(1, with_alarm(told(90 * DAY.unsigned_abs(), 40), AlarmId::ReservoirLow)),
        )
        .await
        .unwrap();
        let alarm = the_alarm(&house).await;
        let (nurse, physician) = (house.signed_in("nurse").await, house.signed_in("physician").await);
        nurse.post(&format!("/alarms/{alarm}/acknowledge"), &[]).await.is(303);
        physician
            .post(&format!("/alarms/{alarm}/acknowledge"), &[])
            .await
            .is(409)
            .says("Nora Nutmeg answered it before you");
        nurse.post(&format!("/alarms/{alarm}/hand-on"), &[("words", "my shift ends")]).await.is(303);
        house.passes(MINUTE, MINUTE).await;
        let steps = house.steps(&alarm).await;
        assert!(steps.iter().any(|step| step == "handed on by Nora Nutmeg: my shift ends"));
        physician.post(&format!("/alarms/{alarm}/acknowledge"), &[]).await.is(303);
        // The reader sees it and may not answer.
        house.signed_in("reader").await.post(&format!("/alarms/{alarm}/acknowledge"), &[]).await.is(403);
    });
}

#[test]
fn an_alarm_that_ended_unanswered_is_still_answered_by_somebody() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(
            &house.app,
            &interrogation(1, with_alarm(told(90 * DAY.unsigned_abs(), 40), AlarmId::Stall)),
        )
        .await
        .unwrap();
        clinic::told::take(&house.app, &interrogation(2, told(90 * DAY.unsigned_abs() + 60_000, 40))).await.unwrap();
        let alarm = the_alarm(&house).await;
        assert!(house.steps(&alarm).await.contains(&"ended the cause is gone".to_owned()));
        house.passes(20 * MINUTE, MINUTE).await;
        assert!(house.steps(&alarm).await.contains(&"escalated to Petra Pine".to_owned()), "its end answers nothing");
    });
}
