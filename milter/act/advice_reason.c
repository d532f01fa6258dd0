/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/advice.h"
#include "milter/act/advice_words.h"

static const struct advice table[] = {
    [REASON_OK] = {"The host that takes the mail is who its policy says.",
	NOBODY, ""},
    [REASON_NO_POLICY] = {"The destination publishes no policy: neither "
			  "DNSSEC-signed TLSA records nor MTA-STS.",
	NOBODY, ""},
    [REASON_NOT_PROBED] = {"DNS shows no fault, and the hosts were not asked.",
	NOBODY, "Check again with --depth probe."},
    [REASON_INSECURE_MX] = {"The host is authenticated by its TLSA records, "
			    "but the MX records that name it are not signed.",
	THEIR_DNS, "Sign the zone of the domain as well."},
    [REASON_STARTTLS_NOT_SUPPORTED] = {"A policy demands TLS, and the host "
				       "does not offer STARTTLS, or something "
				       "on the way takes the offer out.",
	THEM,
	"Ask from another network: if STARTTLS is offered there, a "
	"firewall near you strips it."},
    [REASON_CERTIFICATE_HOST_MISMATCH] = {"The certificate is trusted, but is "
					  "made out for another name than that "
					  "of the MX host.",
	THEM,
	"Issue a certificate with the MX host name in its subjectAltName; "
	"one in the subject's CN does not count."},
    [REASON_CERTIFICATE_NOT_TRUSTED] = {"The certificate comes from no CA that "
					"this host trusts (CAFile).",
	THEM,
	"The server must send its intermediate certificates too, and a "
	"self-signed one will not do; if it is good, look at CAFile."},
    [REASON_CERTIFICATE_EXPIRED] = {"A certificate of the chain has expired.",
	THEM, "Renew the certificate and reload the mail server."},
    [REASON_VALIDATION_FAILURE] = {"TLS could not be established, or what the "
				   "host presents matches no TLSA record.",
	THEM,
	"After a key change publish the new TLSA record, and wait a TTL "
	"before the old key goes."},
    [REASON_DANE_REQUIRED] =
	{"A rule or a level of yours demands DANE, and the "
	 "host has no DNSSEC-signed TLSA records.",
	    BOTH, TAKE_BACK},
    [REASON_TLSA_UNUSABLE] = {"TLSA records exist, but none that can be used "
			      "for mail: TLS is enforced, nobody is "
			      "authenticated.",
	THEM,
	"Publish \"3 1 1\" records; usages 0 and 1 do not count for "
	"SMTP."},
    [REASON_DNSSEC_INVALID] = {"DNSSEC validation failed: the answer is "
			       "forged, or the zone is signed wrongly.",
	THEIR_DNS,
	"Look at the zone with dnsviz or delv; often a signature "
	"has expired or the DS record is old."},
    [REASON_DNS_SERVFAIL] = {"A name server answered with an error.", THEIR_DNS,
	"Ask its authoritative servers one by one; servers that "
	"refuse TLSA queries must be mended."},
    [REASON_DNS_TIMEOUT] = {"No name server answered in time.", THEIR_DNS,
	"Try again; if every domain fails so, look at your resolver."},
    [REASON_STS_POLICY_FETCH_ERROR] = {"An MTA-STS record announces a policy "
				       "that cannot be fetched, so mail goes "
				       "as if there were none.",
	THEIR_STS,
	"Fetch https://mta-sts.DOMAIN/.well-known/mta-sts.txt: it "
	"must answer 200 without a redirect."},
    [REASON_STS_POLICY_INVALID] = {"The MTA-STS policy breaks the grammar of "
				   "RFC 8461, or is not text/plain, so mail "
				   "goes as if there were none.",
	THEIR_STS,
	"Mend the policy file (\"postern sts lint\" tells what is wrong), then "
	"change the id in the record."},
    [REASON_STS_WEBPKI_INVALID] = {"The HTTPS certificate of the policy host "
				   "is "
				   "not valid for mta-sts.DOMAIN, so mail goes "
				   "as if there were no policy.",
	THEIR_STS,
	"Renew that certificate, with mta-sts.DOMAIN in its subjectAltName."},
    [REASON_STS_MX_MISMATCH] = {"The MTA-STS policy does not name this MX "
				"host.",
	THEIR_STS,
	"Add the host to the policy, or take it out of the MX "
	"records."},
    [REASON_STS_TESTING] = {"The MTA-STS policy is in testing mode and would "
			    "fail if it were enforced.",
	THEIR_STS, "Mend it before the mode becomes enforce."},
    [REASON_NULL_MX] = {"The domain says that it takes no mail (null MX).",
	SENDER, "Check the address."},
    [REASON_NXDOMAIN] = {"The domain does not exist.", SENDER,
	"Check the address."},
    [REASON_NO_ADDRESS] = {"No mail host of the domain has an address.", THEM,
	"Check the MX records and the addresses of what they name."},
    [REASON_NAME_INVALID] = {"This is no domain name.", SENDER,
	"Check the address."},
    [REASON_CONNECT_FAILED] = {"No mail host of the destination could be "
			       "reached.",
	THEM,
	"If every destination fails so, port 25 is closed on the way "
	"out."},
    [REASON_PROBE_TIMEOUT] = {"The mail host did not answer in time.", THEM,
	"Try again; raise GreetingTimeout or ProbeTimeout if it is always "
	"slow."},
    [REASON_ADDRESS_BLOCKED] = {"The host's address is in a range that no "
				"public mail host has.",
	THEM,
	"If the destination is your own, set AllowPrivateAddresses "
	"yes."},
    [REASON_SOURCE_UNUSABLE] = {"This host cannot connect from the address "
				"that ProbeSource names, so the mail host "
				"was not asked.",
	US,
	"Set ProbeSource to addresses of this host that mail leaves from, or "
	"leave it out."},
    [REASON_NOT_TRIED] = {"The host comes behind as many addresses as an MTA "
			  "tries, so no mail gets to it.",
	THEM,
	"Give the domain fewer addresses of better preference, or hosts that "
	"answer."},
    [REASON_TLS_UNSUPPORTED] = {"The host shows the certificate that it "
				"should, but only with a TLS that Postern's "
				"library cannot finish and other libraries "
				"can: whether the host has the key was not "
				"seen.",
	NOBODY, "Look with \"openssl s_client -starttls smtp\"."},
    [REASON_TOO_COSTLY] = {"To check this destination takes more signatures "
			   "than one check may verify: its hosts send long "
			   "chains, or its TLSA records are many.",
	THEM,
	"Publish \"3 1 1\" records, which need no signature, and send only "
	"the certificates that lead to the trust anchor."},
    [REASON_DEADLINE] = {"The check did not end in time.", US,
	"Ask again: the check went on, and its verdict is remembered."},
    [REASON_QUEUE_FULL] = {"Too many checks were waiting.", US,
	"Raise MaxChecks or MaxQueue."},
    [REASON_RATE_LIMITED] = {"The destination was checked too often.", US,
	"Ask again later."},
    [REASON_RESOLVER_NOT_VALIDATING] = {"The resolver does not validate "
					"DNSSEC, so nothing can be said of "
					"DANE.",
	US,
	"Check TrustAnchorFile, Nameservers and the clock: by a wrong one the "
	"signatures of the root are expired, or not valid yet."},
    [REASON_INTERNAL_ERROR] = {"Postern could not do its work.", US,
	"Look at the log for the reason."},
    [REASON_EXEMPT] = {"The domain is listed in ExemptDomains.", NOBODY, ""},
    [REASON_INTERNAL] = {"The domain is one of this host's own.", NOBODY, ""},
    [REASON_RELAYED] =
	{"The mail goes to a next hop of your choice, which has no "
	 "policy itself; the recipient's domain was not looked at.",
	    NOBODY, ""},
    [REASON_TLS_REQUIRED_NO] = {"The message asks for delivery without TLS "
				"policy (TLS-Required: No).",
	NOBODY, ""},
    [REASON_REQUIRETLS_UNMET] = {"The message demands TLS all the way "
				 "(REQUIRETLS), and the destination does not "
				 "promise it.",
	THEM, ""},
    [REASON_EXPIRED_RULE] = {"A rule for this destination is past its date.",
	US, "Remove or renew the rule."},
};

struct advice
advice_for(enum reason reason)
{
	return table[reason];
}
