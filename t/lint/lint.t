#!/usr/bin/perl
# lint - what no compiler checks: floors, circles, foreign headers, banned
# functions, names, head lines, format, and that every setting is documented.
# TAP.
use strict;
use warnings;
use File::Temp qw(tempdir);

my $src = $ENV{POSTERN_SRCDIR} // '.';
chdir $src or die "$src: $!\n";

# A file may include its own floor and lower ones.
my %floor = (
	'common/base'   => 0,
	'common/proto'  => 1,
	'common/judge'  => 2,
	'common/io'     => 3,
	'common/sts'    => 4,
	'common/gather' => 4,
	'common/engine' => 5,
	'milter/conf'   => 6,
	'milter/act'    => 7,
	'milter/view'   => 8,
	'milter/serve'  => 9,
	'milter/cli'    => 9,
	'milter/mta'    => 10,
	'milter/tlsrpt' => 10,
	'milter/daemon' => 11,
	't'             => 12,
);

# Nothing of the command is for the daemon, and nothing of the daemon for the
# command.
my %wing = ('milter/cli' => 'postern',
	map { $_ => 'posternd' } qw(milter/serve milter/mta milter/tlsrpt milter/daemon));

# Each foreign header belongs to one module.
my %foreign = (
	qr{^gnutls/gnutls\.h}     => qr{^common/(io/(tls_(client|watch)|shared_link)\.c|proto/x509(_\w+)?\.[ch])$},
	qr{^gnutls/crypto\.h}     => qr{^common/proto/(?:x509(?:_\w+)?|shared_value)\.c$},
	qr{^gnutls/(?!(?:gnutls|crypto)\.h)} => qr{^common/proto/x509(_\w+)?\.[ch]$},
	qr{^idn2\.h}              => qr{^common/proto/domain\.c$},
	qr{^libpsl\.h}            => qr{^common/proto/public_suffix\.c$},
	qr{^curl/}                => qr{^common/io/(?:https|mailer)\.c$},
	qr{^unbound\.h}           => qr{^common/io/(?:dns_(?:algorithms|embedded|unbound)|unbound_context)\.c$},
	qr{^event2/}              => qr{^(?:common/io/dns_(?:request|sockets|system)\.c|milter/serve/(?:(?:control|listener|loop|map_answers|map_client|metrics)\.c|map_asking\.h))$},
	qr{^ldns/}                => qr{^common/io/dns_\w+\.[ch]$},
	qr{^sqlite3\.h}           => qr{^common/io/store(_db|_flip|_outbox|_policy|_schema|_sql|_survey(?:_check|_diff|_hosts|_inferred|_probes|_schema|_words)?|_table|_tlsrpt(_add|_read)?)?\.c$},
	qr{^hiredis/}             => qr{^common/proto/resp\.c$},
	qr{^gmime/}               => qr{^milter/cli/tlsrpt/mail\.c$},
	qr{^zlib\.h}              => qr{^common/proto/gzip\.c$},
	qr{^jansson\.h}           => qr{^(?:common/proto/(?:tlsrpt_\w+|shared_(?:fields|finding|record))|milter/(?:cli/.*|tlsrpt/(?:datagram|day_report)|view/(?:json_\w+|sheet_data)))\.c$},
	qr{^libmilter/}           => qr{^milter/(mta/callbacks|daemon/main)\.c$},
	qr{^syslog\.h}            => qr{^(milter/(serve/log|serve/report(_line)?|conf/setting_keywords)|common/base/xalloc)\.c$},
	qr{^cmocka\.h}            => qr{^t/},
);

my @banned = qw(strcpy strcat sprintf vsprintf strtok gmtime localtime atoi gets);
my $banned = qr/(?<![\w.>])(@{[join '|', @banned]})\s*\(/;

my @files = sort grep { !m{/\.} } glob('common/*/*.[ch] milter/*/*.[ch] milter/*/*/*.[ch] t/*.[ch] t/*/*.[ch]');
my (%mistakes, $tests);

sub mistake { my ($rule, $text) = @_; push @{$mistakes{$rule}}, $text; }

sub room_of {
	my ($path) = @_;
	return $path =~ m{^(common/\w+|milter/\w+|t)/} ? $1 : '';
}

sub floor_of { my ($path) = @_; return $floor{room_of($path)}; }

sub is_other_wing {
	my ($file, $path) = @_;
	my ($ours, $theirs) = map { $wing{room_of($_)} } $file, $path;
	return defined $ours && defined $theirs && $ours ne $theirs;
}

# A module is a .c and its .h.
sub module_of { my ($path) = @_; return $path =~ s/\.[ch]$//r; }

# What each module includes of others.
my %arrows;

# The circle that a way from the last of @way leads back into, or nothing.
sub circle {
	my ($done, @way) = @_;
	my $last = $way[-1];
	for my $next (sort keys %{$arrows{$last} // {}}) {
		my ($at) = grep { $way[$_] eq $next } 0 .. $#way;
		return (@way[$at .. $#way], $next) if defined $at;
		next if $done->{$next};
		my @found = circle($done, @way, $next);
		return @found if @found;
	}
	$done->{$last} = 1;
	return;
}

sub check_circles {
	my %done;
	for my $module (sort keys %arrows) {
		next if $done{$module};
		my @found = circle(\%done, $module) or next;
		return mistake('circles', join ' > ', @found);
	}
}

sub check_include {
	my ($file, $line, $quoted, $path) = @_;
	if ($quoted) {
		$arrows{module_of($file)}{module_of($path)} = 1
			if $file !~ m{^t/} && module_of($file) ne module_of($path);
		my $theirs = floor_of($path);
		mistake('floors', "$file:$line: \"$path\" is not rooted")
			unless defined $theirs;
		mistake('floors', "$file:$line: $path is a higher floor")
			if defined $theirs && $theirs > floor_of($file);
		mistake('floors', "$file:$line: $path is of the other program")
			if is_other_wing($file, $path);
		# their headers show GnuTLS
		mistake('foreign', "$file:$line: $path is x509's own")
			if $path =~ m{/x509_(cert|path)\.h$} &&
			$file !~ m{^common/proto/x509};
		return;
	}
	for my $header (keys %foreign) {
		next unless $path =~ $header && $file !~ m{^t/};
		mistake('foreign', "$file:$line: <$path> belongs elsewhere")
			unless $file =~ $foreign{$header};
	}
}

# Comments and strings hold no code.
sub strip {
	my ($text) = @_;
	$text =~ s{("(?:[^"\\\n]|\\.)*")|(/\*.*?\*/)}{
		defined $1 ? '""' : ' ' . ("\n" x ($2 =~ tr/\n//)) }gsex;
	return $text;
}

sub check_head {
	my ($file, $text) = @_;
	my ($name) = $file =~ m{([^/]+)\.h$};
	if (defined $name) {
		mistake('head', "$file: the first line does not say what it is")
			unless $text =~ m{\A/\* \Q$name\E - };
		(my $guard = uc $file) =~ s/[^A-Z0-9]/_/g;
		mistake('head', "$file: no guard $guard")
			unless $text =~ /^#ifndef $guard\n#define $guard$/m;
	}
	mistake('head', "$file: no SPDX line")
		unless $text =~ /^\/\* SPDX-License-Identifier: BSD-2-Clause \*\/$/m;
}

# Of its definition, from its name to its end.
my $longest = 60;

sub check_length {
	my ($file, $text) = @_;
	while ($text =~ /^((\w+)\([^;{}]*\n\{\n.*?^\})/msg) {
		my ($body, $name) = ($1, $2);
		my $lines = 1 + ($body =~ tr/\n//);
		mistake('length', "$file: $name() has $lines lines")
			if $lines > $longest;
	}
}

# Of a source of the programs.
my $largest = 600;

sub check_size {
	my ($file, $text) = @_;
	my $lines = $text =~ tr/\n//;
	mistake('size', "$file: $lines lines") if $lines > $largest;
}

# A name of one file leads to it, in a search and in a stack trace.
my %statics;

sub note_statics {
	my ($file, $code) = @_;
	$statics{$1}{$file} = 1 while $code =~
		/^static\b[^;={}()]*?(?:__attribute__\(\([^\n]*\)\)\s*)?\n(\w+)\((?=[^;]*?\n?\{)/mg;
}

sub check_statics {
	for my $name (sort keys %statics) {
		my @in = sort keys %{$statics{$name}};
		mistake('statics', "@in: $name() is of one word")
			unless $name =~ /_/;
		mistake('statics', "$name(): @in") if @in > 1;
	}
}

# Most rules look at every file: once for all of them.
my $has_looked;

sub check_files {
	return if $has_looked++;
	for my $file (@files) {
		open my $in, '<', $file or die "$file: $!\n";
		my $text = do { local $/; <$in> };
		check_head($file, $text);
		check_length($file, $text);
		check_size($file, $text) if $file =~ m{^(?:common|milter)/.*\.c$};
		my $number = 0;
		for my $line (split /\n/, $text) {
			$number++;
			check_include($file, $number, $1 eq '"', $2)
				if $line =~ /^\s*#\s*include\s*(["<])([^">]+)/;
			mistake('width', "$file:$number: over 80 columns")
				if length($line =~ s/\t/        /gr) > 80;
		}
		$number = 0;
		my $code = strip($text);
		note_statics($file, $code) if $file =~ m{^(?:common|milter)/.*\.c$};
		for my $line (split /\n/, $code) {
			$number++;
			mistake('banned', "$file:$number: $1") while $line =~ /$banned/g;
		}
	}
	check_circles();
	check_statics();
}

# Every keyword that the settings know stands in the page and in the sample.
sub check_settings {
	open my $in, '<', 'milter/conf/setting_keywords.c' or die "setting_keywords.c: $!\n";
	my @keywords = do { local $/; <$in> } =~ /^\s*[A-Z_]+\("([A-Z][A-Za-z-]+)",/mg;
	mistake('settings', 'no keyword found in milter/conf/setting_keywords.c')
		unless @keywords > 20;
	for my $page ('milter/man/postern.conf.5', 'etc/postern.conf') {
		open my $doc, '<', $page or die "$page: $!\n";
		my $text = do { local $/; <$doc> };
		for my $keyword (@keywords) {
			mistake('settings', "$page: no $keyword")
				unless $text =~ /(?<![\w-])\Q$keyword\E(?![\w-])/;
		}
	}
}

# Every limit bounds something, and a test reaches it by its name.
sub check_limits {
	my $header = 'common/base/limits.h';
	my $text = sub { local (@ARGV, $/) = @_; join '', <> };
	my @limits = $text->($header) =~ /^\s*(LIMIT_\w+) =/mg;
	mistake('limits', "no limit found in $header") unless @limits > 20;
	my $code = $text->(grep { m{^(common|milter)/} && $_ ne $header } @files);
	my $tests = $text->(grep { -f && !/\.(t|log|trs|o)$/ && -T }
		glob 't/unit/* t/fake/*.c t/fake/*.h t/scenario/* t/fuzz/*.c');
	for my $limit (@limits) {
		mistake('limits', "$limit bounds nothing")
			unless $code =~ /\b$limit\b/ ||
			$text->($header) =~ /= .*\b$limit\b/;
		mistake('limits', "$limit: no test names it")
			unless $tests =~ /\b$limit\b/;
	}
}

# A module of common/ has a unit program of its name, or the list says what else
# proves it.
sub check_proven {
	my %proven;
	open my $in, '<', 't/lint/proven.list' or die "proven.list: $!\n";
	while (<$in>) {
		next if /^#|^$/;
		my ($module, $test, $why) = /^(\S+)\s+(\S+)\s+(\S.*)$/ or
			mistake('proven', "proven.list:$.: no MODULE TEST REASON");
		next unless defined $why;
		$proven{$module} = 1;
		mistake('proven', "$module: there is no such module")
			unless -e "$module.c";
		mistake('proven', "$module: there is no $test") unless -e $test;
	}
	for my $file (grep { m{^common/.*\.c$} } @files) {
		my ($module, $name) = $file =~ m{^(.*/(\w+))\.c$};
		my $has = -e "t/unit/$name.c";
		mistake('proven', "$module: no t/unit/$name.c and no reason")
			unless $has || $proven{$module};
		mistake('proven', "$module: has a program and a reason")
			if $has && $proven{$module};
	}
}

sub first_in {
	my ($pattern, $file) = @_;
	open my $handle, '<', $file or die "$file: $!\n";
	local $/;
	return <$handle> =~ $pattern ? $1 : "nothing in $file";
}

# The same things stand in files of Autoconf's, Debian's and our own.
sub check_package {
	my $version = first_in(qr/^AC_INIT\(\[postern\], \[(.*)\]\)/m, 'configure.ac');
	my $control = first_in(qr/^(.*)/s, 'etc/debian/control');
	for (first_in(qr/^postern \((.*?)\)/, 'etc/debian/changelog'),
		first_in(qr/^(\d[\d.]*)/m, 'NEWS')) {
		mistake('package', "$_ is not $version of configure.ac") if $_ ne $version;
	}
	for (split ' ', first_in(qr/^BUILD_PACKAGES='(.*?)'/ms, 'bootstrap')) {
		mistake('package', "etc/debian/control lacks $_")
			if /-dev$/ && $_ ne 'libc6-dev' && $control !~ /^ +\Q$_\E,?$/m;
	}
}
sub have { my ($tool) = @_; return system("command -v $tool >/dev/null 2>&1") == 0; }

# Another version puts lines otherwise: the one that .clang-format names counts.
sub formatter {
	open my $in, '<', '.clang-format' or die ".clang-format: $!\n";
	return (do { local $/; <$in> } =~ /^# Formatter: (\S+)$/m)[0];
}
my $formatter = formatter() // die ".clang-format names no formatter\n";

sub check_format {
	my @out = `$formatter --dry-run --Werror @files 2>&1`;
	mistake('format', $_) for map { /(\S+:\d+:\d+): error/ ? $1 : () } @out;
}

sub check_pages {
	for my $page (glob 'milter/man/*.[1-8]') {
		mistake('pages', $_) for map { chomp; $_ }
			`mandoc -Tlint -Wwarning $page 2>&1`;
	}
}

# sys/queue.h makes types by macro, which cppcheck has to see, as it has to see
# the one of jansson.h that is a part of a text.  What it tells of its own work
# is no fault.
sub check_cppcheck {
	my ($queue) = grep { -e } glob('/usr/include/*/sys/queue.h'),
	    '/usr/include/sys/queue.h';
	my @command = (qw(cppcheck -q --std=c11 --inline-suppr -I. -D_GNU_SOURCE
		--suppress=missingIncludeSystem
		--suppress=normalCheckLevelMaxBranches common milter),
		'--enable=warning,portability,performance', "--include=$queue",
		q('-DJSON_INTEGER_FORMAT="lld"'));
	mistake('cppcheck', $_) for grep { /: \w+: / } map { chomp; $_ }
		`@command 2>&1`;
}

# What make would pack is all there is, but for what git alone reads.
sub check_archive {
	my $built = $ENV{POSTERN_BUILDDIR} // '.';
	my $copy = tempdir(CLEANUP => 1) . '/copy';
	my $said = `env -u MAKEFLAGS make -s -C '$built' distdir distdir='$copy' 2>&1`;
	return mistake('archive', $said) if $?;
	mistake('archive', $_) for grep { !-e "$copy/$_" && !/^\.gitignore$/ }
		map { chomp; $_ } `git ls-files`;
}

sub report {
	my ($rule, $name) = @_;
	my @found = @{$mistakes{$rule} // []};
	print @found ? 'not ok ' : 'ok ', ++$tests, " - $name\n";
	print "# $_\n" for @found;
}

# A rule, what holds, what looks for it, and the tool without which it cannot.
my @rules = (
	[floors => 'a file includes its own floor and lower ones only', \&check_files],
	[circles => 'no files include each other, by however many steps', \&check_files],
	[foreign => 'each foreign header is in its one module', \&check_files],
	[banned => 'no banned function is called', \&check_files],
	[statics => 'a static function has two words, and no other file has it', \&check_files],
	[head => 'each file says what it is, and under which licence', \&check_files],
	[width => 'no line is over 80 columns', \&check_files],
	[length => "no function is over $longest lines", \&check_files],
	[size => "no source of the programs is over $largest lines", \&check_files],
	[settings => 'every setting is in the man page and in the sample', \&check_settings],
	[limits => 'every limit bounds something, and a test names it', \&check_limits],
	[proven => 'every module of common has a unit program, or a reason', \&check_proven],
	[package => 'the package has our version, and is built with what we are', \&check_package],
	[format => 'clang-format agrees', \&check_format, $formatter],
	[cppcheck => 'cppcheck finds no fault', \&check_cppcheck, 'cppcheck'],
	[archive => 'the archive holds every file', \&check_archive, 'git'],
	[pages => 'mandoc finds no fault', \&check_pages, 'mandoc'],
);

my %asked = map { $_ => 1 } @ARGV;
@rules = grep { $asked{$_->[0]} } @rules if @ARGV;
die "usage: lint [RULE...]\n" if @ARGV && @rules != keys %asked;
print '1..', scalar @rules, "\n";
for my $row (@rules) {
	my ($rule, $name, $check, $tool) = @$row;
	if (defined $tool && !have($tool)) {
		print 'ok ', ++$tests, " - $name # SKIP no $tool\n";
		next;
	}
	$check->();
	report($rule, $name);
}
exit((grep { $mistakes{$_->[0]} } @rules) ? 1 : 0);
