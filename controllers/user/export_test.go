package user

// NewlyDisabled is newlyDisabled, for its test: no API server can be made to skip events.
var NewlyDisabled = newlyDisabled
