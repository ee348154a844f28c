from tests.codegen.suites import ACCOUNT, definitions, offer, text_of


def test_three_tests_share_a_fixture() -> None:
    text = text_of(
        offer("Account.deposit", "account.deposit(5)", ACCOUNT),
        offer("Account.withdraw", "account.withdraw(1)", ACCOUNT),
        offer("Account._audit", "account._audit()", ACCOUNT),
    )
    assert definitions(text).startswith('@pytest.fixture\ndef account():\n    return Account("Ann", "10")\n\n\n')
    assert text.count("Account(") == 1
    assert text.count("(account):") == 3


def test_two_tests_do_not() -> None:
    text = text_of(
        offer("Account.deposit", "account.deposit(5)", ACCOUNT),
        offer("Account.withdraw", "account.withdraw(1)", ACCOUNT),
    )
    assert "fixture" not in text


def test_other_arrangement_of_the_same_name_stays_in_its_test() -> None:
    text = text_of(
        offer("Account.deposit", "account.deposit(5)", ACCOUNT),
        offer("Account.withdraw", "account.withdraw(1)", ACCOUNT),
        offer("Account._audit", "account._audit()", ACCOUNT),
        offer("Account.__eq__", "account == 3", "account = Account('Bob')"),
    )
    assert 'def test_account_equality_returns_false():\n    account = Account("Bob")\n' in text


def test_what_is_assigned_after_something_happened_stays() -> None:
    arrange = ("greet('x')", ACCOUNT)
    imports = ("from shop import greet",)
    text = text_of(
        offer("Account.deposit", "account.deposit(5)", *arrange, imports=imports),
        offer("Account.withdraw", "account.withdraw(1)", *arrange, imports=imports),
        offer("Account._audit", "account._audit()", *arrange, imports=imports),
    )
    assert "fixture" not in text


def test_a_fixture_asks_for_the_fixtures_that_it_needs() -> None:
    arrange = ("account = Account(str(tmp_path.name) and 'Ann', '10')",)
    text = text_of(
        offer("Account.deposit", "account.deposit(5)", *arrange, fixtures=("tmp_path",)),
        offer("Account.withdraw", "account.withdraw(1)", *arrange, fixtures=("tmp_path",)),
        offer("Account._audit", "account._audit()", *arrange, fixtures=("tmp_path",)),
    )
    assert "def account(tmp_path):\n" in text
    assert text.count("(account):") == 3


def test_tests_that_look_at_output_keep_their_arrangement() -> None:
    text = text_of(
        *(
            offer("greet", f"greet({name!r})", ACCOUNT, imports=("from shop import Account",))
            for name in ("Ann", "Bob", "Cy")
        ),
        prune=False,
    )
    assert "fixture" not in text


def test_a_class_that_two_tests_define_moves_out_of_them() -> None:
    stub = "class Stub(Account):\n    pass"
    text = text_of(
        offer("Account.deposit", "stub.deposit(5)", stub, "stub = Stub('Ann')"),
        offer("Account.withdraw", "stub.withdraw(0)", stub, "stub = Stub('Ann')"),
    )
    assert definitions(text).startswith("class Stub(Account):\n    pass\n\n\n")
    assert text.count("class Stub") == 1


def test_a_function_that_needs_the_test_around_it_stays() -> None:
    helper = "def helper():\n    return amount"
    text = text_of(
        offer("Account.deposit", "account.deposit(helper())", ACCOUNT, "amount = 5", helper),
        offer("Account.withdraw", "account.withdraw(helper())", ACCOUNT, "amount = 5", helper),
    )
    assert text.count("def helper()") == 2
