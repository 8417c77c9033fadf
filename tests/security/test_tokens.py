from scheduler.security.tokens import hash_token, new_token


def test_tokens_differ_and_their_hashes_do_not_show_them():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token not in hash_token(token) for token in tokens)


def test_one_token_has_one_hash():
    token = new_token()
    assert hash_token(token) == hash_token(token)
    assert len(hash_token(token)) == 64
