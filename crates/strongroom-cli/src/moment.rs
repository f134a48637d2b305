//! A moment as people write it: a date, a time, or how far away it is.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

use crate::error::ClientError;

/// What the help says of it.
pub const FORM: &str = "WHEN";

/// A date (2027-11-23, which begins at midnight UTC), a time (2027-11-23T09:00:00Z), or a distance (12h, 90d).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    At(DateTime<Utc>),
    Away(chrono::Duration),
}

impl Moment {
    /// The moment; a distance lies ahead.
    ///
    /// # Errors
    /// Where it is beyond the calendar.
    pub fn ahead(self) -> Result<DateTime<Utc>, ClientError> {
        match self {
            Self::At(moment) => Ok(moment),
            Self::Away(distance) => now().checked_add_signed(distance).ok_or_else(beyond),
        }
    }

    /// The moment; a distance lies back.
    ///
    /// # Errors
    /// Where it is beyond the calendar.
    pub fn ago(self) -> Result<DateTime<Utc>, ClientError> {
        match self {
            Self::At(moment) => Ok(moment),
            Self::Away(distance) => now().checked_sub_signed(distance).ok_or_else(beyond),
        }
    }
}

fn beyond() -> ClientError {
    ClientError::Input("that is too far away for any calendar".into())
}

/// The moment as a query has it.
pub fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a distance is from the clock of whoever says it; the answer shows the date"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(moment.to_utc()));
        }
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Self::At(date.and_time(NaiveTime::MIN).and_utc()));
        }
        let distance = humantime::parse_duration(text).ok().and_then(|span| chrono::Duration::from_std(span).ok());
        distance
            .map(Self::Away)
            .ok_or("give a date such as 2027-11-23, a time such as 2027-11-23T09:00:00Z, or a distance such as 90d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_a_time_or_a_distance() {
        let at = |text: &str| Moment::At(text.parse().unwrap());
        assert_eq!("2027-11-23".parse(), Ok(at("2027-11-23T00:00:00Z")));
        assert_eq!("2027-11-23T10:00:00+01:00".parse(), Ok(at("2027-11-23T09:00:00Z")));
        assert_eq!("90d".parse(), Ok(Moment::Away(chrono::Duration::days(90))));
        assert_eq!("1h 30m".parse(), Ok(Moment::Away(chrono::Duration::minutes(90))));
        for wrong in ["", "tomorrow", "2027-13-01", "-3d", "90"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
