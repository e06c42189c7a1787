//! What must not compile: quantities mixed up, arithmetic without a check, raw numbers in place of quantities.

#[test]
fn quantities_that_do_not_belong_together_are_not_put_together() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
