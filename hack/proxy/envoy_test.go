package proxy_test

import (
	"slices"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	connectionv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// envoy is the configuration of Envoy by kind in front of site, as Envoy itself reads it: a field that
// it doesn't know, or a value that it wouldn't take, ends the test.
func envoy(t *testing.T, kind proxy.Kind, site proxy.Site) *bootstrapv3.Bootstrap {
	t.Helper()
	text, err := site.Text(kind, "envoy.yaml", "0.0.0.0:80")
	if err != nil {
		t.Fatal(err)
	}
	bootstrap := &bootstrapv3.Bootstrap{}
	parse(t, text, bootstrap)
	if err := bootstrap.ValidateAll(); err != nil {
		t.Fatal(err)
	}
	return bootstrap
}

func parse(t *testing.T, text string, into *bootstrapv3.Bootstrap) {
	t.Helper()
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// typed is a message that stands in an Any, valid on its own, as ValidateAll doesn't look into one.
func typed[M interface{ ValidateAll() error }](t *testing.T, in *anypb.Any) M {
	t.Helper()
	m, err := in.UnmarshalNew()
	if err != nil {
		t.Fatal(err)
	}
	message, is := m.(M)
	if !is {
		t.Fatalf("%s is another message", in.GetTypeUrl())
	}
	if err := message.ValidateAll(); err != nil {
		t.Fatal(err)
	}
	return message
}

// connections is the one HTTP listener of a configuration.
func connections(t *testing.T, b *bootstrapv3.Bootstrap) *connectionv3.HttpConnectionManager {
	t.Helper()
	listeners := b.GetStaticResources().GetListeners()
	if len(listeners) != 1 {
		t.Fatalf("%d listeners, want one", len(listeners))
	}
	filter := listeners[0].GetFilterChains()[0].GetFilters()[0]
	return typed[*connectionv3.HttpConnectionManager](t, filter.GetConfigType().(*listenerv3.Filter_TypedConfig).TypedConfig)
}

// chain is the chain of HTTP filters: the check, the script that takes away what isn't for the app, and the router.
func chain(t *testing.T, b *bootstrapv3.Bootstrap) (*authzv3.ExtAuthz, *luav3.Lua) {
	t.Helper()
	filters := connections(t, b).GetHttpFilters()
	if len(filters) != 3 {
		t.Fatalf("%d filters, want three", len(filters))
	}
	typed[*routerv3.Router](t, filters[2].GetTypedConfig())
	return typed[*authzv3.ExtAuthz](t, filters[0].GetTypedConfig()), typed[*luav3.Lua](t, filters[1].GetTypedConfig())
}

func exact(list *matcherv3.ListStringMatcher) []string {
	var names []string
	for _, pattern := range list.GetPatterns() {
		names = append(names, pattern.GetExact())
	}
	return names
}

func site() proxy.Site {
	return proxy.Site{App: "app:80", Latchkey: []string{"latchkey:8080"}, GRPC: []string{"latchkey-0:9191", "latchkey-1:9191"}}
}

// What stands in where a machine lacks Envoy: it takes the configuration, and is told to let nobody
// pass whom Latchkey doesn't, to leave bodies and the app's cookies alone, and to pass on what is said.
func TestEnvoyIsConfiguredToLeaveRequestsAlone(t *testing.T) {
	for _, kind := range []proxy.Kind{proxy.EnvoyHTTP, proxy.EnvoyGRPC} {
		t.Run(string(kind), func(t *testing.T) {
			b := envoy(t, kind, site())
			check, script := chain(t, b)

			if check.GetFailureModeAllow() || check.GetStatusOnError().GetCode() != typev3.StatusCode_Forbidden {
				t.Error("an error must be a refusal")
			}
			if !check.GetEncodeRawHeaders() {
				t.Error("lines of one name are joined, so that two tokens look like one")
			}
			if check.GetWithRequestBody() != nil || check.GetClearRouteCache() || check.GetFilterEnabled() != nil {
				t.Errorf("does more than ask: %v", check)
			}
			if got := exact(check.GetAllowedHeaders()); !slices.Equal(got, []string{"authorization", "cookie", "accept", "x-request-id", "x-forwarded-for"}) {
				t.Errorf("Latchkey gets %q", got)
			}
			if script.GetDefaultSourceCode().GetInlineString() == "" {
				t.Error("no script")
			}
			manager := connections(t, b)
			for _, host := range manager.GetRouteConfig().GetVirtualHosts() {
				if got := host.GetRequestHeadersToRemove(); !slices.Equal(got, []string{"authorization"}) {
					t.Errorf("%s: the app loses %q, want the token", host.GetName(), got)
				}
				for _, route := range host.GetRoutes() {
					if len(route.GetTypedPerFilterConfig()) != 0 {
						t.Errorf("a route has a check of its own: %v", route)
					}
				}
			}
			if upgrades := manager.GetUpgradeConfigs(); len(upgrades) != 1 || upgrades[0].GetUpgradeType() != "websocket" {
				t.Errorf("upgrades: got %v, want WebSockets alone", upgrades)
			}
		})
	}
}

func TestEnvoyAsksOverHTTPAtItsOwnURL(t *testing.T) {
	check, _ := chain(t, envoy(t, proxy.EnvoyHTTP, site()))

	http := check.GetHttpService()
	if http.GetPathPrefix() != "/check/envoy" || http.GetServerUri().GetTimeout().AsDuration().Seconds() != 5 {
		t.Errorf("asks %v", http)
	}
	answer := http.GetAuthorizationResponse()
	if got := exact(answer.GetAllowedUpstreamHeaders()); !slices.Equal(got, []string{"x-auth-request-user", "x-auth-request-uid", "x-auth-request-email", "x-auth-request-groups"}) {
		t.Errorf("the app gets %q", got)
	}
	if answer.GetAllowedClientHeaders() != nil || answer.GetAllowedClientHeadersOnSuccess() != nil || answer.GetAllowedUpstreamHeadersToAppend() != nil {
		t.Errorf("a refusal must pass whole, an allow add nothing to the app's answer: %v", answer)
	}
}

func TestEnvoyAsksOverGRPCWhoCanDecide(t *testing.T) {
	b := envoy(t, proxy.EnvoyGRPC, site())
	check, _ := chain(t, b)

	if service := check.GetGrpcService(); service.GetEnvoyGrpc().GetClusterName() != "latchkey" || service.GetTimeout().AsDuration().Seconds() != 5 {
		t.Errorf("asks %v", check)
	}
	cluster := b.GetStaticResources().GetClusters()[1]
	options := typed[*upstreamv3.HttpProtocolOptions](t, cluster.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"])
	if options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() == nil {
		t.Errorf("gRPC wants HTTP/2: %v", options)
	}
	if n := len(cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()); n != 2 {
		t.Errorf("%d endpoints, want both", n)
	}
	checks := cluster.GetHealthChecks()
	if len(checks) != 1 || checks[0].GetGrpcHealthCheck().GetServiceName() != authv3.Authorization_ServiceDesc.ServiceName {
		t.Fatalf("health checks: %v", checks)
	}
	if got := checks[0].GetNoTrafficInterval().AsDuration(); got != checks[0].GetInterval().AsDuration() {
		t.Errorf("looks every %s before there is traffic: a replica that wasn't ready at first would stay away for so long", got)
	}
}

func TestEnvoySaysRealmAndRoleByTheRoute(t *testing.T) {
	for check, want := range map[string]map[string]string{
		"/check/role/editor,viewer":             {"role": "editor,viewer"},
		"/realms/team-a/check/role/editor":      {"realm": "team-a", "role": "editor"},
		"/realms/team-a/check/envoy":            {"realm": "team-a"},
		"/check/role/authenticated":             {"role": "authenticated"},
		"/realms/team-a/check/role/editor,lead": {"realm": "team-a", "role": "editor,lead"},
	} {
		s := site()
		s.Check = check
		routes := connections(t, envoy(t, proxy.EnvoyGRPC, s)).GetRouteConfig().GetVirtualHosts()[0].GetRoutes()

		got := extensionsOf(t, routes[0])
		if len(got) != len(want) {
			t.Errorf("%s: got %v, want %v", check, got, want)
		}
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s: got %v, want %v", check, got, want)
			}
		}
	}
}

func extensionsOf(t *testing.T, route *routev3.Route) map[string]string {
	t.Helper()
	perRoute := typed[*authzv3.ExtAuthzPerRoute](t, route.GetTypedPerFilterConfig()["envoy.filters.http.ext_authz"])
	if perRoute.GetDisabled() {
		t.Error("a route is open")
	}
	return perRoute.GetCheckSettings().GetContextExtensions()
}
