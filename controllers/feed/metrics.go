package feed

import "github.com/prometheus/client_golang/prometheus"

// metrics are read from the feeds when somebody asks.
type metrics struct {
	feed       *Feed
	staleness  *prometheus.Desc
	objects    *prometheus.Desc
	synced     *prometheus.Desc
	unreadable *prometheus.CounterVec
}

func newMetrics(f *Feed) *metrics {
	m := &metrics{
		feed: f,
		staleness: prometheus.NewDesc("latchkey_feed_staleness_seconds",
			"For how many seconds it isn't certain that a feed knows everything. On a healthy feed no more than a renewal of the replica's Lease, 2 s.", []string{"kind"}, nil),
		objects: prometheus.NewDesc("latchkey_feed_objects",
			"Objects of a kind in the directory.", []string{"kind"}, nil),
		synced: prometheus.NewDesc("latchkey_feed_synced",
			"1 once a feed has had its first list.", []string{"kind"}, nil),
		unreadable: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_feed_unreadable_objects_total",
			Help: "Times that an object arrived which can't be read, and so denies what it names.",
		}, []string{"kind"}),
	}
	if !f.config.WithoutTokens {
		m.unreadable.WithLabelValues("secrets")
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.staleness
	to <- m.objects
	to <- m.synced
	m.unreadable.Describe(to)
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, kind string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, kind)
	}
	for _, each := range m.feed.feeds {
		kind, synced := each.source.kind, 0.0
		if each.synced() {
			synced = 1
		}
		gauge(m.synced, synced, kind)
		gauge(m.objects, float64(each.count()), kind)
		if quiet, heard := each.source.staleness(); heard && m.clocked() {
			gauge(m.staleness, quiet.Seconds(), kind)
		}
	}
	m.unreadable.Collect(to)
	if m.feed.config.WithoutTokens {
		return
	}
	gauge(m.objects, float64(m.feed.config.Directory.Keys().Len()), "secrets")
	if quiet, heard := m.feed.keys.staleness(); heard && m.clocked() {
		gauge(m.staleness, quiet.Seconds(), "secrets")
	}
}

// clocked reports whether there is a clock for staleness. Without one, a feed that has nothing to say
// would look like one that is out of touch.
func (m *metrics) clocked() bool { return m.feed.config.Lease.Name != "" }
