#!/usr/bin/perl
# Signs a user in, refreshes, lists the sessions and signs out, with the client that OpenAPI::Client
# (Debian: libopenapi-client-perl) makes from api/public.json. It compares each request with the
# document before it sends it, and the body of each response. At its first start, the library fetches
# the schema of OpenAPI 3.1 from spec.openapis.org.
#
#   PASSWORD=… perl session.pl ../../api/public.json http://localhost:3000 ada@example.com
use strict;
use warnings;
use feature 'say';
use Mojo::URL;
use OpenAPI::Client;

my ($document, $gateway, $email) = @ARGV;
my $client = OpenAPI::Client->new($document, base_url => Mojo::URL->new($gateway));
my $password = $ENV{PASSWORD};

# The next request is signed in with this access token; undef for no token.
my $access_token;
$client->on(after_build_tx => sub {
  my (undef, $tx) = @_;
  $tx->req->headers->authorization("Bearer $access_token") if $access_token;
});

# The body of the response to an operation. Dies unless it has this status, and the document
# describes it.
sub response {
  my ($status, $operation, $json) = @_;
  my $tx = $client->$operation({}, $json ? (json => $json) : ());
  my $res = $tx->res;
  die "$operation: ", $tx->error->{message}, "\n" unless $res->code;
  my ($route) = grep { $_->{operation_id} eq $operation } $client->validator->routes->each;
  my $type = ($res->headers->content_type // '') =~ s/;.*//r;
  my @errors = $client->validator->validate_response([@$route{qw(method path)}, $res->code], {
    header => {}, # the library does not resolve references to headers
    body => sub { {exists => length $res->body, value => $res->json, content_type => $type} },
  });
  die "$operation: @errors\n" if @errors;
  say join ' ', $operation, $res->code, $status == 204 ? () : $res->json->{code} // ();
  die "$operation: not $status\n" if $res->code != $status;
  return $res->json;
}

response(201, register => {email => $email, password => $password});
response(401, login => {email => $email, password => "not $password"});
my $tokens = response(200, login => {email => $email, password => $password, delivery => 'body'});

# A program that keeps a session refreshes with one request at a time, and stores the new refresh
# token before it uses the access token.
$tokens = response(200, refreshToken => {refreshToken => $tokens->{refreshToken}});
$access_token = $tokens->{accessToken};
response(200, 'getMe');
my $listed = response(200, 'listSessions');
die "the session is not listed\n"
  unless grep { $_->{id} eq $tokens->{session}{id} } @{$listed->{sessions}};

response(204, logout => {refreshToken => $tokens->{refreshToken}});
response(401, 'getMe');
$access_token = undef;
response(401, refreshToken => {refreshToken => $tokens->{refreshToken}});
