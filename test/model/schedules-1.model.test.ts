import { playShare } from './campaign.js'

playShare(1)
