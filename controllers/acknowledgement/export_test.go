package acknowledgement

// Watches reports whether r has listed Leases once.
func (r *Register) Watches() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.watched.IsZero()
}
