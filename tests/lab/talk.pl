#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Two sides of a talk, to look at a network with (mesh/lab.sh).
#
#   talk.pl serve           port 7000: gives each datagram back; counts what a TCP
#                           connection brings and says how much at its end.
#                           Hears the mDNS group.
#   talk.pl ask HOST COUNT  that many datagrams, fifty at once; waits for answers until
#                           all came or none for half a second, and prints
#                           "sent answered answers median_ms heard", heard: how
#                           often the server had heard the group by then
#   talk.pl send HOST COUNT datagrams that nobody answers
#   talk.pl bring HOST KIB  by TCP; prints the seconds; exit 1 if nobody takes it
#   talk.pl call            one datagram to the mDNS group
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_IP IP_ADD_MEMBERSHIP inet_aton INADDR_ANY);
use Time::HiRes qw(time);

my ($port, $group, $quiet_s) = (7000, '224.0.0.251', 0.5);

sub udp
{
    return IO::Socket::INET->new(Proto => 'udp', @_) || die "udp: $@\n";
}

sub serve
{
    my $udp = udp(LocalPort => $port);
    my $tcp = IO::Socket::INET->new(LocalPort => $port, Listen => 16, ReuseAddr => 1)
        || die "tcp: $@\n";
    my $mdns = udp(LocalPort => 5353, ReuseAddr => 1);
    setsockopt($mdns, IPPROTO_IP, IP_ADD_MEMBERSHIP, inet_aton($group) . INADDR_ANY)
        || die "group: $!\n";
    my $all = IO::Select->new($udp, $tcp, $mdns);
    my ($heard, %brought, $bytes) = (0);
    while (my @ready = $all->can_read) {
        for my $s (@ready) {
            if ($s == $mdns) {
                $heard++ if defined recv($s, $bytes, 2000, 0);
            } elsif ($s == $udp) {
                my $from = recv($s, $bytes, 2000, 0);
                send($s, "$bytes $heard", 0, $from) if defined $from;
            } elsif ($s == $tcp) {
                my $new = $s->accept or next;
                $all->add($new);
            } elsif (my $n = sysread($s, $bytes, 65536)) {
                $brought{$s} += $n;
            } else {
                syswrite($s, (delete $brought{$s} || 0) . "\n");
                $all->remove($s);
                close($s);
            }
        }
    }
}

sub ask
{
    my ($host, $count) = @_;
    my $s = udp(PeerAddr => $host, PeerPort => $port);
    my ($ready, $answers, $heard, %sent, %ms) = (IO::Select->new($s), 0, 0);
    my $listen = sub {
        while (keys %ms < $count && $ready->can_read($_[0])) {
            defined recv($s, my $bytes, 2000, 0) or next;
            my ($i, $by_then) = split / /, $bytes;
            $answers++;
            $heard = $by_then;
            $ms{$i} //= (time - $sent{$i}) * 1000;
        }
    };
    for my $i (1 .. $count) {
        $sent{$i} = time;
        send($s, $i, 0);
        $listen->(0.02) if $i % 50 == 0; # more would not fit a socket's buffer
    }
    $listen->($quiet_s);
    my @sorted = sort { $a <=> $b } values %ms;
    printf "%d %d %d %d %d\n", $count, scalar @sorted, $answers,
        @sorted ? $sorted[@sorted / 2] : 0, $heard;
}

sub bring
{
    my ($host, $kib) = @_;
    my ($begun, $block) = (time, 'x' x 1024);
    my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 1)
        or exit 1;
    print $s $block for 1 .. $kib;
    $s->flush;
    shutdown($s, 1);
    my $taken = <$s> // 0;
    printf "%.2f\n", time - $begun;
    exit($taken == 1024 * $kib ? 0 : 1);
}

my ($what, $host, $number) = @ARGV;
if ($what eq 'serve') {
    serve();
} elsif ($what eq 'ask') {
    ask($host, $number);
} elsif ($what eq 'send') {
    my $s = udp(PeerAddr => $host, PeerPort => $port);
    send($s, $_, 0) for 1 .. $number;
} elsif ($what eq 'bring') {
    bring($host, $number);
} elsif ($what eq 'call') {
    my $s = udp(PeerAddr => $group, PeerPort => 5353);
    send($s, 'anybody?', 0) or die "send: $!\n";
}
