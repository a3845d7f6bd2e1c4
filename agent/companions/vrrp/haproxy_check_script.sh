#!/bin/sh
# Exit 0 when every haproxy of the list beside check_scripts/ lives and answers within half a second, and every port of
# it is in LISTEN; else 1 with a reason. The agent writes the list; it need not run. Perl (Debian's perl-base, an
# essential package) without any module: one process does it all, no command is started for a socket or a port.
# A worker that hangs still accepts connections, by the kernel, and says nothing: only an answer counts.
# shellcheck disable=SC2016 # the dollars are perl's
exec perl -e '
    my ($list) = @ARGV;
    sub fail { print STDERR "haproxy_check_script: @_\n"; exit 1 }
    # Whatever blocks, in spite of all, ends before the next check begins.
    $SIG{ALRM} = sub { fail("no end after 1 s") };
    $SIG{PIPE} = "IGNORE";
    alarm 1;
    my ($program, $none, @haproxies, %ports) = ("haproxy", "failure");
    open(my $lines, "<", $list) or fail("$list: $!");
    while (<$lines>) {
        my ($what, @values) = split;
        if ($what eq "program") { $program = $values[0] }
        elsif ($what eq "none") { $none = $values[0] }
        elsif ($what eq "haproxy") { push @haproxies, [@values] }
        elsif ($what eq "port") { $ports{$values[0]} = 1 }
    }
    exit($none eq "success" ? 0 : 1) unless @haproxies;
    my %asked;
    for (@haproxies) {
        my ($pidfile, $path) = @$_;
        open(my $file, "<", $pidfile) or fail("$pidfile: $!");
        my ($pid) = (<$file> // "") =~ /^(\d+)/ or fail("$pidfile: no pid");
        my $name = readlink("/proc/$pid/exe") // fail("$pidfile: process $pid is gone");
        $name =~ s/ \(deleted\)$//;
        $name =~ s/.*\///;
        $name eq $program or fail("$pidfile: process $pid is $name");
        # AF_UNIX and SOCK_STREAM, F_SETFL and O_NONBLOCK, sockaddr_un of Linux.
        socket(my $socket, 1, 1, 0) or fail("no socket: $!");
        fcntl($socket, 4, 2048) or fail("no socket: $!");
        connect($socket, pack("S a*", 1, "$path\0")) or fail("$path: $!");
        defined(syswrite($socket, "show info\n")) or fail("$path: $!");
        $asked{fileno($socket)} = [$path, $socket];
    }
    # Listening sockets stand first in these tables, which are long on a busy amphora.
    for my $table ("/proc/net/tcp", "/proc/net/tcp6") {
        last unless %ports;
        open(my $sockets, "<", $table) or next;
        <$sockets>;
        while (<$sockets>) {
            my (undef, $local, undef, $state) = split;
            last if $state ne "0A";
            delete $ports{hex((split /:/, $local)[-1])};
        }
    }
    fail("port $_ is not in LISTEN") for sort keys %ports;
    # All were asked before the first answer is read: together they have half a second.
    my $left = 0.5;
    while (%asked) {
        my $wanted = "";
        vec($wanted, $_, 1) = 1 for keys %asked;
        (my $found, $left) = select(my $ready = $wanted, undef, undef, $left);
        $found > 0 or fail((map { $_->[0] } values %asked)[0] . ": no answer within 0.5 s");
        for my $number (keys %asked) {
            next unless vec($ready, $number, 1);
            my ($path, $socket) = @{delete $asked{$number}};
            sysread($socket, my $answer, 4096) or fail("$path: closed without an answer");
        }
    }
' -- "${0%/*}/../check.list"
