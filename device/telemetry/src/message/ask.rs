//! What can be asked of a pump. Codes below 32 read; the others may change something and carry a stamp, save [`Acknowledge`].

use orders::{AlarmId, Drug, Duration, FlowRate, Mass, Mixture, Volume, WallTime};

use crate::message::codec::{Bytes, codes, messages, part};
use crate::sign::{ClinicianKey, Digest, KeyId};

part! {
    /// State, rates, volumes and numbers at this moment.
    1 ReadStatus {}
}
part! {
    /// The running prescription, as its document.
    2 ReadPrescription {}
}
part! {
    /// The fluid ledger, as its document.
    3 ReadLedger {}
}
part! {
    /// Journal records from a running number on.
    4 ReadJournal {
        /// The first number wanted.
        1 => from: u64,
        /// Most records wanted; a frame carries [`super::RECORDS_MAX`].
        2 => most: u8,
    }
}
part! {
    /// Which alarms are active.
    5 ReadAlarms {}
}
part! {
    /// The cell.
    6 ReadBattery {}
}
part! {
    /// Serial number, model, versions.
    7 ReadDevice {}
}
part! {
    /// The answers that the pump keeps for this peer.
    8 ReadAnswers {}
}
part! {
    /// Hourly totals.
    9 ReadHours {
        /// The first hour wanted, in whole hours since the pump's birth.
        1 => from: u32,
        /// Most hours wanted; a frame carries [`super::HOURS_MAX`].
        2 => most: u8,
    }
}
part! {
    /// A nonce, by which the pump tells later how old a request is.
    10 ReadNonce {}
}

part! {
    /// The patient asks for a bolus.
    32 AskBolus {}
}
part! {
    /// Where both edges of a bridge lie, as one side works them out.
    201 Bridge {
        /// What must leave before the change, nL.
        1 => volume: Volume,
        /// The flow meanwhile, nL/day.
        2 => flow: FlowRate,
        /// Volume to the front band's leading edge at the tip, nL.
        3 => leading: Volume,
        /// Volume to its trailing edge, nL.
        4 => trailing: Volume,
    }
}
part! {
    /// Proposes an order. Nothing changes: the pump answers with what it understood.
    33 Propose<'a> {
        /// The prescription's document.
        1 => order: Bytes<'a>,
        /// The order number that the asker believes to run; 0 for none.
        2 => running: u64,
        /// The number of the ledger that the asker worked with.
        3 => ledger: u32,
        /// The bridge, as the asker worked it out, if the order needs one.
        4 => bridge: Option<Bridge>,
        /// The clinic's code for why the fluid changes without a bridge, where a clinician has decided so.
        5 => without_bridge: Option<u8>,
    }
}
part! {
    /// One clinician's signature over a digest.
    202 SignedBy {
        /// Which key.
        1 => key: KeyId,
        /// Ed25519.
        2 => signature: [u8; 64],
    }
}
part! {
    /// Lets a proposal take effect.
    34 Commit {
        /// The digest that the pump told.
        1 => digest: Digest,
        /// A clinician's signature.
        2 => first: SignedBy,
        /// A second clinician's, where the order says two.
        3 => second: Option<SignedBy>,
    }
}
impl From<SignedBy> for crate::sign::SignatureBy {
    fn from(by: SignedBy) -> Self {
        Self { key: by.key, signature: by.signature }
    }
}

impl From<crate::sign::SignatureBy> for SignedBy {
    fn from(by: crate::sign::SignatureBy) -> Self {
        Self { key: by.key, signature: by.signature }
    }
}

codes! {
    /// Why a clinician stops therapy.
    StopReason {
        /// Signs of too much drug.
        Overdose = 1,
        /// A procedure: imaging, surgery.
        Procedure = 2,
        /// The reservoir or catheter is about to be opened.
        Access = 3,
        /// An adverse effect that is not an overdose.
        AdverseEffect = 4,
        /// Therapy is being ended.
        EndOfTherapy = 5,
        /// None of these; the clinic's record says which.
        Other = 6,
    }
}
part! {
    /// Stops therapy for at most so long.
    35 Stop {
        /// Why.
        1 => reason: StopReason,
        /// For how long at most, ms.
        2 => maximum: Duration,
    }
}
part! {
    /// Ends a stop or an emergency: the running order goes on.
    36 Resume {}
}
part! {
    /// One bolus by a clinician; the prior mode returns afterwards. Takes effect on commit.
    37 SingleBolus {
        /// How much, nL.
        1 => volume: Volume,
        /// Over how long, ms.
        2 => duration: Duration,
    }
}
part! {
    /// What a prime may give of one drug.
    203 Allowance {
        /// Which drug.
        1 => drug: Drug,
        /// How much of it, fg.
        2 => mass: Mass,
    }
}
part! {
    /// Fills tubing and catheter. Takes effect on commit, once.
    38 Prime {
        /// How much, nL.
        1 => volume: Volume,
        /// The most that may leave the tip, drug by drug.
        2 => allowance: heapless::Vec<Allowance, 4>,
        /// What of it is moved fast: to the leading edge of the front at the prime's flow, as the asker worked it out, nL.
        3 => leading: Volume,
        /// To its trailing edge, nL.
        4 => trailing: Volume,
    }
}
codes! {
    /// How the filled volume was checked.
    FillCheck {
        /// The sum of the vials.
        Vials = 1,
        /// Syringes weighed before and after.
        Weight = 2,
    }
}
part! {
    /// A refill.
    39 Refill {
        /// What was drawn off, nL.
        1 => drawn_off: Volume,
        /// What was filled in, nL.
        2 => filled: Volume,
        /// What it is.
        3 => mixture: Mixture,
        /// How the volume was checked.
        4 => check: FillCheck,
        /// What that check gave, nL.
        5 => checked: Volume,
        /// How long the new fluid keeps, ms.
        6 => stability: Duration,
        /// Whether it was drawn until nothing more came.
        7 => emptied: bool,
        /// The clinic's code for why a discrepancy was accepted, once a clinician has looked at it.
        8 => reason: Option<u8>,
    }
}
codes! {
    /// What was done at the reservoir port.
    PortAct {
        /// Filled and drawn off again with this fluid: what remains is thinned.
        Rinse = 1,
        /// Drawn off and not replaced.
        Aspirate = 2,
    }
}
part! {
    /// A rinse or an aspiration at the reservoir port.
    40 RinseOrAspirate {
        /// Which.
        1 => act: PortAct,
        /// How much, nL.
        2 => volume: Volume,
        /// With what it was rinsed; no drugs for saline. Left out for an aspiration.
        3 => fluid: Option<Mixture>,
    }
}
part! {
    /// Fluid was drawn out at the catheter port: the path holds the patient's own fluid now.
    41 CatheterPortAspiration {
        /// How much, nL.
        1 => volume: Volume,
    }
}
part! {
    /// What was implanted.
    42 Installation {
        /// The catheter's volume as trimmed, nL.
        1 => catheter: Volume,
        /// What fills tubing and catheter now; no drugs for saline.
        2 => path: Mixture,
    }
}
part! {
    /// Sets the clock that people read.
    43 SetClock {
        /// Local time, ms since 1970.
        1 => wall: WallTime,
    }
}
part! {
    /// Silences an alarm's tone for a while; its cause and its other signs stay.
    44 Silence {
        /// Which.
        1 => alarm: AlarmId,
        /// For how long, ms; the pump sets a bound.
        2 => duration: Duration,
    }
}
part! {
    /// Sounds a tone, so that people know it.
    45 ToneTest {
        /// Of which alarm.
        1 => alarm: AlarmId,
    }
}
part! {
    /// Runs the self-tests now.
    46 SelfTest {}
}
part! {
    /// Gives a device that has paired the label by which people know it. (Pairing itself needs the card, and keeps it unnamed.)
    47 EnrolPeer {
        /// Its place in the table of peers.
        1 => place: u8,
        /// What people call it, UTF-8, padded with zeros.
        2 => label: [u8; 16],
    }
}
part! {
    /// Forgets a peer; its contacts end.
    48 RevokePeer {
        /// Its place in the table of peers.
        1 => place: u8,
        /// Its label, so that the wrong place is not emptied.
        2 => label: [u8; 16],
    }
}
part! {
    /// Adds a clinician's key.
    49 EnrolClinician {
        /// The key.
        1 => key: ClinicianKey,
        /// The clinician's number, as orders name it.
        2 => author: u32,
        /// Proof that the card is at hand: see [`crate::sign::card_proof`].
        3 => proof: [u8; 16],
    }
}
part! {
    /// Removes a clinician's key.
    50 RevokeClinician {
        /// Which.
        1 => key: KeyId,
    }
}
part! {
    /// Someone has spoken with or seen the patient: a ramp may take its next step up.
    51 ContactRecorded {
        /// The step that it is for.
        1 => step: u8,
    }
}
part! {
    /// Clears an alarm whose cause has gone.
    52 ClearAlarm {
        /// Which.
        1 => alarm: AlarmId,
    }
}
part! {
    /// Goes up the degradation ladder to this level, if its causes have gone.
    53 StepUp {
        /// The level, as the vocabulary numbers it: 0 is full therapy.
        1 => level: u8,
    }
}
part! {
    /// The emergency rate, now.
    54 Emergency {}
}
part! {
    /// The answers up to this request were read and kept: the pump may forget them. It answers with those that it still keeps.
    60 Acknowledge {
        /// The request's id.
        1 => id: u64,
    }
}

messages! {
    /// A question or a wish.
    Ask<'a> {
        /// Reads the status.
        ReadStatus,
        /// Reads the running prescription.
        ReadPrescription,
        /// Reads the ledger.
        ReadLedger,
        /// Reads the journal.
        ReadJournal,
        /// Reads the alarms.
        ReadAlarms,
        /// Reads the cell.
        ReadBattery,
        /// Reads device and versions.
        ReadDevice,
        /// Reads the answers kept.
        ReadAnswers,
        /// Reads hourly totals.
        ReadHours,
        /// Draws a nonce.
        ReadNonce,
        /// Asks for a bolus.
        AskBolus,
        /// Proposes an order.
        Propose<'a>,
        /// Commits a proposal.
        Commit,
        /// Stops therapy.
        Stop,
        /// Resumes it.
        Resume,
        /// Proposes a single bolus.
        SingleBolus,
        /// Proposes a prime.
        Prime,
        /// Tells of a refill.
        Refill,
        /// Tells of a rinse or an aspiration.
        RinseOrAspirate,
        /// Tells of an aspiration at the catheter port.
        CatheterPortAspiration,
        /// Tells what was implanted.
        Installation,
        /// Sets the clock.
        SetClock,
        /// Silences an alarm.
        Silence,
        /// Sounds a tone.
        ToneTest,
        /// Runs the self-tests.
        SelfTest,
        /// Names a peer.
        EnrolPeer,
        /// Forgets a peer.
        RevokePeer,
        /// Adds a clinician's key.
        EnrolClinician,
        /// Removes a clinician's key.
        RevokeClinician,
        /// Records a contact with the patient.
        ContactRecorded,
        /// Clears an alarm.
        ClearAlarm,
        /// Goes up the ladder.
        StepUp,
        /// Calls the emergency.
        Emergency,
        /// Acknowledges an answer.
        Acknowledge,
    }
}

/// The first code that may change something.
pub const CHANGES_FROM: u8 = 32;

impl Ask<'_> {
    /// Whether it only reads.
    pub const fn is_read(&self) -> bool {
        self.code() < CHANGES_FROM
    }

    /// Whether it carries a stamp. An acknowledgement is about an id and has none of its own: it may be repeated and reordered.
    pub const fn is_stamped(&self) -> bool {
        !self.is_read() && !matches!(self, Ask::Acknowledge(_))
    }
}
