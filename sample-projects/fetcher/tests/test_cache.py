def test_a_value_comes_back(cache):
    cache.put('https://api.test/a', 'body')

    assert cache.get('https://api.test/a') == 'body'
    assert 'https://api.test/a' in cache


def test_an_unknown_key_is_a_miss(cache):
    assert cache.get('nothing') is None
    assert (cache.hits, cache.misses) == (0, 1)


def test_a_value_is_good_for_its_whole_time_and_no_longer(cache, clock):
    cache.put('key', 'value')

    clock.advance(60)
    assert cache.get('key') == 'value'

    clock.advance(0.5)
    assert cache.get('key') is None
    assert 'key' not in cache


def test_a_damaged_file_is_a_miss(cache):
    cache.put('key', 'value')
    cache.path('key').write_text('{"key": "key"', encoding='utf-8')

    assert cache.get('key') is None


def test_purging_removes_only_what_is_too_old(cache, clock):
    cache.put('old', '1')
    clock.advance(61)
    cache.put('new', '2')

    assert cache.purge() == 1
    assert cache.get('new') == '2'
    assert not cache.path('old').exists()


def test_the_hit_rate_counts_both(cache):
    assert cache.hit_rate == 0.0
    cache.put('key', 'value')
    for key in ('key', 'key', 'key', 'other'):
        cache.get(key)

    assert cache.hit_rate == 0.75
