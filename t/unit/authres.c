/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/authres.h"

#include "t/unit/tap.h"

static const struct {
	const char *value;
	bool passed;
} rows[] = {
    {"mx.d.ex; dkim=pass header.d=s.ex", true},
    {"mx.d.ex 1; spf=fail smtp.mailfrom=x; dkim=pass header.d=s.ex header.b=x",
	true},
    {"MX.d.ex;\r\n\tDKIM=Pass (2048-bit key)\r\n\theader.d=S.EX", true},
    {"mx.d.ex; dkim = pass header.d = \"s.ex\"", true},
    {"mx.d.ex; dkim=pass reason=\"a; b\" header.i=@s.ex", true},
    {"mx.d.ex; dkim=pass header.i=tls@s.ex", true},
    {"mx.d.ex; dkim=fail header.d=s.ex; dkim=pass header.d=s.ex", true},
    {"mx.d.ex; dkim=fail header.d=s.ex; dkim=pass header.d=x.ex", false},
    {"mx.d.ex; dkim=pass header.d=ex", true},
    {"mx.d.ex; dkim=pass header.d=a.s.ex", false},
    {"mx.d.ex; dkim=pass header.d=as.ex", false},
    {"mx.d.ex; dkim=pass", false},
    {"mx.d.ex; dkim=none header.d=s.ex", false},
    {"mx.d.ex; dkim=pass-not header.d=s.ex", false},
    {"mx.d.ex; x-dkim=pass header.d=s.ex", false},
    {"mx.d.ex; arc=pass header.d=s.ex", false},
    {"mx.d.ex; spf=pass dkim=pass header.d=s.ex", false},
    {"mx.d.ex; spf=pass (; dkim=pass header.d=s.ex)", false},
    {"mx.d.ex; spf=pass reason=\"; dkim=pass header.d=s.ex\"", false},
    {"mx.d.ex; spf=pass reason=\"x\\\"; dkim=pass header.d=s.ex\"", false},
    {"other.ex; dkim=pass header.d=s.ex", false},
    {"mx.d.ex.evil; dkim=pass header.d=s.ex", false},
    {"(mx.d.ex; dkim=pass header.d=s.ex", false},
    {"; dkim=pass header.d=s.ex", false},
    {"mx.d.ex", false},
    {"", false},
    {"mx.d.ex; dkim=pass header.d=", false},
    {"mx.d.ex; \"", false},
    {"mx.d.ex; \\", false},
    {"= ; dkim=pass header.d=s.ex", false},
};

static void
a_pass_counts_for_its_domain_and_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].value, (authres_is_of(rows[i].value, "mx.d.ex") &&
				       authres_passed(rows[i].value, "s.ex")) ==
				       rows[i].passed);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pass_counts_for_its_domain_and_server),
	};

	return RUN_TESTS(tests);
}
