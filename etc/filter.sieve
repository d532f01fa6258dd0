# For Sieve, where tagged mail is read or kept: an archive (always_bcc), or the
# mailbox of a relay's own users.
#
# In place of gate.example.org put your AuthservID, in each test.  A tag with
# another name is somebody else's and says nothing.  Folds are gone here: each
# item begins with one space.  Try it:
#     sieve-test filter.sieve message
require ["fileinto", "imap4flags"];

# What fails at this partner, whatever else the message's recipients came to.
if header :matches "X-TLS-Precheck"
    "gate.example.org; v=1; *; d=partner.example/fail/*" {
	fileinto :flags "\\Flagged" "TLS/partner";
}
elsif header :matches "X-TLS-Precheck" "gate.example.org; v=1; result=fail; *" {
	fileinto "TLS/fail";
}
# What could not be decided when the mail went out.
elsif header :matches "X-TLS-Precheck"
    "gate.example.org; v=1; result=temperror; *" {
	fileinto "TLS/unknown";
}
