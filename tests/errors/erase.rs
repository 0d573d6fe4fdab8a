//! Erasing that fails, and media that are not erased.

use crate::common::burn::{self, Opened, Place};
use crate::device::{again, failing, image};
use crate::{Met, as_wanted};
use pitland::BurnError;
use pitland::codes::{Code, Coded, Interface, imapi};
use pitland::transport::sim::MediumKind;

async fn erased(opened: &Opened) -> BurnError {
    let lease = opened.drive.lease("a test").await.unwrap();
    lease.erase(false).report().await.unwrap_err()
}

pub(crate) async fn met() -> Vec<Met> {
    let mut met = Vec::new();
    for (script, code) in [
        ("when blank do sense 5/24/00", Code::EraseRefused),
        ("when blank do sense 3/51/00", Code::EraseFault),
        ("when blank do good", Code::EraseNotProven),
    ] {
        let place = Place::new();
        let opened = failing(&place, MediumKind::CdRw, "");
        opened.burn(burn::options(), image(&place)).await.unwrap();
        opened.close().await;
        let opened = again(&place.path("disc.vdisc"), script);
        met.push(Met::new(code, &erased(&opened).await));
        opened.close().await;
    }
    let place = Place::new();
    let opened = failing(&place, MediumKind::BdR, "");
    opened.burn(burn::options(), image(&place)).await.unwrap();
    met.push(Met::new(Code::MediumNotRewritable, &erased(&opened).await));
    opened.close().await;
    met
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_that_fails_has_its_code() {
    as_wanted(&met().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_report_too_has_the_value_of_who_erases() {
    let place = Place::new();
    let opened = failing(&place, MediumKind::CdRw, "");
    let error = opened.drive.lease("\n").await.unwrap_err();
    let value = |interface| error.code().imapi_in(interface);
    assert_eq!(
        value(Interface::Erase),
        Some(imapi::E_IMAPI_ERASE_CLIENT_NAME_IS_NOT_VALID)
    );
    assert_eq!(
        value(Interface::TrackAtOnce),
        Some(imapi::E_IMAPI_DF2TAO_CLIENT_NAME_IS_NOT_VALID)
    );
    opened.close().await;
}
