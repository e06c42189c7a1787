//! Roles and what each may do: one table. What is not in it is refused.

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Orders therapy and answers for it.
    Physician,
    /// Refills, answers alarms, writes the record.
    Nurse,
    /// Checks orders and compounds.
    Pharmacist,
    /// Looks after devices.
    Technician,
    /// Looks after people's access, sees no patient.
    Administrator,
    /// Looks and changes nothing.
    ReadOnly,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing: the way in, and what a machine asks to know whether the service lives.
    Open,
    /// To be signed in, in whatever role.
    SignedIn,
    /// To see boards and lists.
    SeeBoards,
    /// To see a patient's record; the care team or break-glass besides.
    SeeRecord,
    /// To write notes, outcomes and events.
    WriteRecord,
    /// To enter a patient or change who they are.
    AdmitPatients,
    /// To acknowledge an alarm, own it, hand it on.
    AnswerAlarms,
    /// To book visits and call patients.
    Book,
    /// To write a proposal.
    Propose,
    /// To check another's proposal, or send it back.
    SecondCheck,
    /// To take patients out to a programmer.
    CheckOut,
    /// To see devices and their history.
    SeeDevices,
    /// To enter devices and change their state.
    ManageDevices,
    /// To write and review versions of the formulary.
    EditFormulary,
    /// To make and end accounts.
    ManageStaff,
    /// To read the audit and review who broke the glass.
    SeeAudit,
    /// A registered device, by the signature under what it sends.
    Device,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Physician, Role::Nurse, Role::Pharmacist, Role::Technician, Role::Administrator, Role::ReadOnly];

    /// The word in the database and on pages.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Physician => "physician",
            Role::Nurse => "nurse",
            Role::Pharmacist => "pharmacist",
            Role::Technician => "technician",
            Role::Administrator => "administrator",
            Role::ReadOnly => "read-only",
        }
    }

    /// The role of a word.
    pub fn of(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What it may do.
    const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Role::Physician => &[
                P::SeeBoards,
                P::SeeRecord,
                P::WriteRecord,
                P::AdmitPatients,
                P::AnswerAlarms,
                P::Book,
                P::Propose,
                P::SecondCheck,
                P::CheckOut,
                P::SeeDevices,
                P::EditFormulary,
            ],
            Role::Nurse => &[
                P::SeeBoards,
                P::SeeRecord,
                P::WriteRecord,
                P::AdmitPatients,
                P::AnswerAlarms,
                P::Book,
                P::CheckOut,
                P::SeeDevices,
            ],
            Role::Pharmacist => &[P::SeeBoards, P::SeeRecord, P::SecondCheck, P::SeeDevices, P::EditFormulary],
            Role::Technician => &[P::SeeDevices, P::ManageDevices],
            Role::Administrator => &[P::ManageStaff, P::SeeAudit],
            Role::ReadOnly => &[P::SeeBoards, P::SeeRecord, P::SeeDevices],
        }
    }

    /// Whether it may.
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Open | Permission::SignedIn => true,
            // No person is a device.
            Permission::Device => false,
            asked => self.permissions().contains(&asked),
        }
    }
}
